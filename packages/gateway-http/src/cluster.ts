import type { ServedReplica } from './options.js'
import { HttpRefusal } from './refusal.js'

/** Says in every answer which cluster it comes from. */
export function clusterHeader({ clusterId }: Pick<ServedReplica, 'clusterId'>): Readonly<Record<string, string>> {
  return { 'quorate-cluster': clusterId }
}

/** Refuses what is meant for another cluster, which a recovery or a new installation has replaced at this address. */
export function checkCluster({ clusterId }: Pick<ServedReplica, 'clusterId'>, meant: string | undefined): void {
  if (meant === undefined || meant === clusterId) return
  const message = `this member belongs to cluster ${clusterId}, and the request is for ${meant}: ask members of that cluster`
  throw new HttpRefusal(421, 'WRONG_CLUSTER', message)
}
