import { compareIds, type JsonValue, type PeerProgress } from '@quorate/contracts'
import { whyAtEnd } from './bounds.js'
import type { RaftState } from './state.js'

/** A member's state for status pages and people. */
export function describeState(state: RaftState): JsonValue {
  const { hardState, log, conf } = state
  const atEnd = whyAtEnd(state)
  return {
    role: state.role,
    term: hardState.currentTerm,
    votedFor: hardState.votedFor,
    leader: state.leader,
    commitIndex: state.commitIndex,
    firstIndex: log.firstIndex,
    lastIndex: log.lastIndex,
    lastTerm: log.lastTerm,
    persistedIndex: log.persistedIndex,
    lastApplied: state.lastApplied,
    transfer: state.transfer?.to ?? null,
    snapshot: state.snapshot?.position ?? 0,
    fetching: state.fetching?.meta.position ?? null,
    isInstalling: state.isInstalling,
    voters: conf.voters,
    learners: conf.learners,
    ...(state.refusedJump && { refused: `${state.refusedJump.from}: ${state.refusedJump.what}` }),
    ...(atEnd !== null && { atEnd }),
    progress: Object.fromEntries(
      [...state.progress].map(([peer, { phase, matchIndex, nextIndex, inflights }]) => [
        peer,
        { phase, matchIndex, nextIndex, inflight: inflights.count },
      ]),
    ),
  }
}

/** How far the followers are; none unless this member leads. */
export function describeProgress({ role, log, progress }: RaftState): readonly PeerProgress[] {
  if (role !== 'leader') return []
  return [...progress]
    .sort(([left], [right]) => compareIds(left, right))
    .map(([id, { phase, matchIndex, inflights }]) => ({
      id,
      phase,
      behind: log.lastIndex - matchIndex,
      inflight: inflights.count,
    }))
}
