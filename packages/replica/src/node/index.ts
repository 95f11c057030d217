/**
 * The driver with the real clock and real dice of Node.js.
 *
 * @packageDocumentation
 */
export { nodeEnvironment } from '@quorate/contracts/node'
export { createReplica, type NodeReplicaOptions } from './create-replica.js'
