/**
 * What `quorate-storage recover` needs of the protocol and the driver: a cluster that lost its majority goes on as another.
 *
 * @packageDocumentation
 */
export { forceMembers } from '@quorate/raft'
export { planCluster } from '@quorate/replica'
