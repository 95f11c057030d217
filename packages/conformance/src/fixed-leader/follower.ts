import type { Member, NodeId, PeerProgress } from '@quorate/contracts'
import type { Log } from './log.js'

/** How far one follower is, as the leader sees it. */
export interface Follower {
  readonly id: NodeId
  readonly isVoter: boolean
  /** What it has durably; null until it has answered in this life of the leader. */
  match: number | null
  /** The entry that is sent next. */
  next: number
  /**
   * The snapshot that it was offered first, while entries that it lacks are dropped: it is given no entries, and those
   * behind this position are kept for it.
   */
  offered: number | null
}

export function newFollower({ id, role }: Member, last: number): Follower {
  return { id, isVoter: role === 'voter', match: null, next: last + 1, offered: null }
}

export function describeFollower({ id, match, next, offered }: Follower, log: Log): PeerProgress {
  const has = match ?? 0
  const phase = match === null ? 'probe' : offered === null ? 'replicate' : 'snapshot'
  return { id, phase, behind: log.last - has, inflight: phase === 'replicate' ? next - 1 - has : 0 }
}
