import type { NodeId } from '@quorate/contracts'

/** How a vote stands. */
export type VoteResult = 'won' | 'lost' | 'pending'

/** Voters of whom more than half must agree. Without any, it agrees to everything: half of a joint quorum may be empty. */
export type Majority = readonly NodeId[]

/**
 * The largest index that more than half of the voters have; `Infinity` without voters.
 * A voter that acknowledged nothing has 0.
 */
export function majorityIndex(voters: Majority, indexOf: (voter: NodeId) => number): number {
  if (voters.length === 0) return Infinity
  const descending = voters.map(indexOf)
  for (let end = 1; end < descending.length; end += 1) {
    const index = descending[end] ?? 0
    let at = end
    for (; at > 0 && (descending[at - 1] ?? 0) < index; at -= 1) descending[at] = descending[at - 1] ?? 0
    descending[at] = index
  }
  return descending[Math.floor(voters.length / 2)] ?? 0
}

/** Won with more than half of the voters for it, lost when that can no longer be; nobody counts twice. */
export function majorityVote(voters: Majority, voteOf: (voter: NodeId) => boolean | undefined): VoteResult {
  let granted = 0
  let missing = 0
  for (const voter of voters) {
    const vote = voteOf(voter)
    if (vote === undefined) missing += 1
    else if (vote) granted += 1
  }
  const needed = voters.length === 0 ? 0 : Math.floor(voters.length / 2) + 1
  if (granted >= needed) return 'won'
  return granted + missing >= needed ? 'pending' : 'lost'
}
