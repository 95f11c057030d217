import type { JsonValue } from '@quorate/contracts'
import type { RaftState } from './state.js'

/** A member's state for status pages and people. */
export function describeState(state: RaftState): JsonValue {
  const { hardState, log, conf } = state
  return {
    role: state.role,
    term: hardState.currentTerm,
    votedFor: hardState.votedFor,
    leader: state.leader,
    commitIndex: state.commitIndex,
    lastIndex: log.lastIndex,
    lastTerm: log.lastTerm,
    persistedIndex: log.persistedIndex,
    lastApplied: state.lastApplied,
    voters: conf.voters,
    learners: conf.learners,
    progress: Object.fromEntries(
      [...state.progress].map(([peer, { phase, matchIndex, nextIndex, inflights }]) => [
        peer,
        { phase, matchIndex, nextIndex, inflight: inflights.count },
      ]),
    ),
  }
}
