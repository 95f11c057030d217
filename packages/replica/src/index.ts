/**
 * The driver: runs any protocol over any storage, transport and state machine.
 *
 * @packageDocumentation
 */
export { createReplica } from './create-replica.js'
export { planCluster } from './recovery/plan-cluster.js'
export { replicaOptionsSchema, type ReplicaOptions } from './options.js'
export type { SessionOptions } from './proposals.js'
export type { SessionHandle } from './sessions/handle.js'
export type { CommandOptions, QueryOptions, Replica, RawResult } from './replica.js'
export { MetricsRegistry } from './health/metrics-registry.js'
export type { PeerStatus, ReplicaStatus } from './status.js'
export type { ReplicaEvents, WarningCode } from './events.js'
