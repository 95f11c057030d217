import type { RaftMessage } from './message.js'
import type { RaftState } from './state.js'

/**
 * The largest term or index that is read, and that a member goes to by itself. Nobody counts this far: whoever is here can
 * neither campaign nor append, and says so, where its next message would be one that nobody reads.
 */
export const countMax = 2 ** 53 - 2 ** 32

/** The largest that a message brings about: behind it there is room for so many elections. */
const followMax = countMax - 2 ** 32

/**
 * A peer's term may be this far ahead of what is known here, and an index this far ahead of the log. A member that is cut
 * off and does not ask before it campaigns needs twenty years for as many elections; an index as far is of a cluster that
 * appends a million entries a second for nine years.
 */
export const termStepMax = 2 ** 32
export const indexStepMax = 2 ** 48

/** Why a message is not handled: it claims what no honest member comes to. Null: it does not. */
export function refusalOfJump(state: RaftState, message: RaftMessage): string | null {
  const { currentTerm } = state.hardState
  if (message.term > Math.min(currentTerm + termStepMax, followMax)) {
    return `a ${message.kind} of term ${message.term} is too far ahead of term ${currentTerm}`
  }
  const index = furthestIndexIn(message)
  if (index <= Math.min(state.log.lastIndex + indexStepMax, followMax)) return null
  return `a ${message.kind} with index ${index} is too far ahead of the log, which ends at ${state.log.lastIndex}`
}

/** Why this member does not campaign, though it votes; null: it may. */
export function whyAtEnd(state: RaftState): string | null {
  const { currentTerm } = state.hardState
  if (currentTerm < countMax && state.log.lastIndex < countMax) return null
  return `term ${currentTerm} or index ${state.log.lastIndex} is the last that there is: begin another cluster with "quorate-storage recover"`
}

function furthestIndexIn(message: RaftMessage): number {
  switch (message.kind) {
    case 'requestPreVote':
    case 'requestVote':
      return message.lastLogIndex
    case 'appendEntries':
      return Math.max(message.prevLogIndex, message.leaderCommit)
    case 'heartbeat':
      return message.leaderCommit
    case 'installSnapshot':
      return message.meta.position
    case 'appendEntriesReply':
      return message.success ? message.matchIndex : Math.max(message.prevLogIndex, message.hintIndex)
    case 'installSnapshotReply':
      return message.success ? message.matchIndex : message.position
    case 'requestPreVoteReply':
    case 'requestVoteReply':
    case 'heartbeatReply':
    case 'timeoutNow':
      return 0
  }
}
