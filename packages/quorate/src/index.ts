/**
 * Consensus for TypeScript: replicate a typed state machine over several machines.
 *
 * This is the front door: it re-exports what a service needs, with Node's clock, dice and files filled in.
 *
 * @packageDocumentation
 */
export { QuorateError, type ErrorCode, type Outcome } from '@quorate/contracts'
export { createClient } from '@quorate/client/node'
export { httpGateway, httpHandler } from '@quorate/gateway-http'
export { defineMachine } from '@quorate/machine'
export { counter } from '@quorate/machine-counter'
export { kv, type Kv } from '@quorate/machine-kv'
export { raft } from '@quorate/raft'
export type { CommandOptions, QueryOptions, Replica, ReplicaEvents, ReplicaStatus } from '@quorate/replica'
export { createReplica, nodeEnvironment } from '@quorate/replica/node'
export { fileStorage } from '@quorate/storage-file/node'
export { memoryStorage } from '@quorate/storage-memory'
export { httpTransport } from '@quorate/transport-http'
export { memoryHub, memoryTransport } from '@quorate/transport-memory'
export { tcpTransport } from '@quorate/transport-tcp'
