import type { NodeId } from '@quorate/contracts'
import { majorityIndex, majorityVote, type Majority, type VoteResult } from './majority.js'

/** Two majorities that must both agree, while a change of members is under way (§6). The outgoing one is empty else. */
export interface JointQuorum {
  readonly incoming: Majority
  readonly outgoing: Majority
}

/** The largest index that both majorities have; `Infinity` when both are empty. */
export function jointIndex(quorum: JointQuorum, indexOf: (voter: NodeId) => number): number {
  return Math.min(majorityIndex(quorum.incoming, indexOf), majorityIndex(quorum.outgoing, indexOf))
}

/** Won when both majorities say so, lost when either does. */
export function jointVote(quorum: JointQuorum, voteOf: (voter: NodeId) => boolean | undefined): VoteResult {
  const incoming = majorityVote(quorum.incoming, voteOf)
  const outgoing = majorityVote(quorum.outgoing, voteOf)
  if (incoming === 'lost' || outgoing === 'lost') return 'lost'
  return incoming === 'won' && outgoing === 'won' ? 'won' : 'pending'
}
