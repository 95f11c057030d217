import type { NodeId } from '@quorate/contracts'
import type { Applier } from './applier.js'
import type { Callers } from './callers.js'
import type { Digests } from './digests.js'
import type { DriverParts } from './driver-parts.js'
import type { Health } from './health/health.js'
import type { LeaderView } from './leader-view.js'
import type { Peers } from './peers.js'
import type { Queues } from './queues.js'
import type { Snapshots } from './snapshots/snapshots.js'
import type { ReplicaStatus } from './status.js'
import { describeVersions } from './versions/version-list.js'

/** What a status is read from. */
export interface StatusSources<Message, Admin> extends DriverParts<Message, Admin> {
  readonly id: NodeId
  readonly isStopped: boolean
  /** Why it stopped by itself, if it did. */
  readonly failure: Error | null
  readonly applier: Applier
  readonly leader: LeaderView
  readonly peers: Peers<Message, Admin>
  readonly health: Health
  readonly callers: Callers
  readonly snapshots: Snapshots
  readonly queues: () => Queues
  /** Null: no digest is wanted. */
  readonly digests: Digests | null
}

/** How a replica is, as plain JSON. */
export async function describeStatus<Message, Admin>(of: StatusSources<Message, Admin>): Promise<ReplicaStatus> {
  const { options, protocol, storage, identity, state, module, applier, leader, peers } = of
  const { machine } = state
  const digest = of.digests && (await of.digests.take())
  const { clusterId, incarnation, starts } = identity.current
  return {
    id: of.id,
    state: of.isStopped ? 'stopped' : 'running',
    reason: of.failure?.message ?? null,
    clusterId,
    incarnation,
    starts,
    machine: { name: machine.name, version: machine.version, activeVersion: machine.activeVersion },
    versions: { active: describeVersions(state.active), supported: describeVersions(state.supported) },
    protocol: { name: module.name, state: protocol.describe() },
    leadership: { leader: leader.id, epoch: leader.epoch, clientAddress: leader.clientAddress },
    members: leader.members,
    peers: peers.others().map((id) => ({
      id,
      link: peers.linkTo(id),
      reason: peers.whyDown(id),
      roundTripMs: of.health.roundTripTo(id),
      supports: describeVersions(peers.supportOf(id)),
    })),
    progress: protocol.progress(),
    lastApplied: applier.lastApplied,
    clusterTime: state.clock.applied.clusterTime,
    sessions: state.sessions.size,
    pending: of.callers.pending,
    queues: of.queues(),
    snapshot: of.snapshots.status,
    storage: { survives: options.storage.survives, pressure: storage.pressure },
    warnings: of.events.warnings,
    digest,
  }
}
