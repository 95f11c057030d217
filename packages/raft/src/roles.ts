import type { NodeId } from '@quorate/contracts'
import type { Entry } from './entry.js'
import type { HardState } from './record.js'
import { isMember, peersOf, type RaftState } from './state.js'
import { Progress } from './tracker/index.js'
import { term as termOf, type LogIndex, type Term } from './units.js'

const noData = new Uint8Array()

/**
 * Adopts a later term, in which this member has not voted, or follows the leader of the current one (§5.1).
 *
 * Without a leader to follow, whoever waited goes on waiting: only a leader that is heard and a vote that is granted
 * start the wait anew (Figure 2), so that a candidate that cannot win keeps nobody else from trying.
 */
export function becomeFollower(state: RaftState, term: Term, leader: NodeId | null): void {
  if (state.role === 'follower' && state.leader === leader && state.hardState.currentTerm === term && leader !== null) {
    state.electionElapsedTicks = 0
    state.suspicion = null
    return
  }
  // A later term goes on without the one who is gone; a leader that is heard after all was a false alarm.
  if (leader !== null || term > state.hardState.currentTerm) state.suspicion = null
  if (term > state.hardState.currentTerm) setHardState(state, { currentTerm: term, votedFor: null })
  if (leader !== null || state.role === 'leader') resetElectionTimer(state)
  if (state.role === 'leader') leaveOffice(state)
  state.role = 'follower'
  state.leader = leader
  forgetCampaign(state)
}

/** Whoever sends as leader of the current term leads it: at most one does (§5.2). False if that is this member itself. */
export function followLeader(state: RaftState, leader: NodeId, term: Term): boolean {
  if (state.role === 'leader' && term === state.hardState.currentTerm) return false
  becomeFollower(state, term, leader)
  return true
}

/** The progress of who answers, if this member leads in the answer's term. A later term ends the office (§5.1). */
export function progressOfSender(state: RaftState, from: NodeId, term: Term): Progress | null {
  if (term > state.hardState.currentTerm) {
    if (isMember(state, from)) becomeFollower(state, term, null)
    return null
  }
  if (term < state.hardState.currentTerm || state.role !== 'leader') return null
  return state.progress.get(from) ?? null
}

/** Asks whether an election could be won. Term and vote stay as they are (thesis §9.6). */
export function becomePreCandidate(state: RaftState): void {
  state.role = 'preCandidate'
  state.leader = null
  forgetCampaign(state)
  resetElectionTimer(state)
  state.votes.set(state.self, true)
}

/** Starts an election: a new term, and this member's vote for itself, which counts once it is durable (§5.2). */
export function becomeCandidate(state: RaftState): void {
  state.suspicion = null
  const currentTerm = termOf(state.hardState.currentTerm + 1)
  state.role = 'candidate'
  state.leader = null
  forgetCampaign(state)
  resetElectionTimer(state)
  state.ownVoteSequence = setHardState(state, { currentTerm, votedFor: state.self })
}

/**
 * Takes office and appends an entry of the new term at once, so that whatever earlier terms left behind can be
 * committed with it (§5.4.2, §8).
 */
export function becomeLeader(state: RaftState): void {
  state.role = 'leader'
  state.leader = state.self
  forgetCampaign(state)
  state.electionElapsedTicks = 0
  state.diskElapsedTicks = 0
  for (const peer of peersOf(state)) state.progress.set(peer, new Progress(state.log.lastIndex + 1, state.config))
  const entry: Entry = {
    index: (state.log.lastIndex + 1) as LogIndex,
    term: state.hardState.currentTerm,
    kind: 'noop',
    data: noData,
  }
  state.log.append(entry, state.outbox.persistEntry(entry), null)
  state.uncommittedBytes = state.log.bytesBetween(state.commitIndex + 1, state.log.lastIndex)
  state.isReplicationDue = true
}

/** Remembers the vote for a candidate of the current term. */
export function voteFor(state: RaftState, candidate: NodeId): void {
  if (state.hardState.votedFor === candidate) return
  setHardState(state, { currentTerm: state.hardState.currentTerm, votedFor: candidate })
}

/** Draws a new timeout and starts to wait. */
export function resetElectionTimer(state: RaftState): void {
  const { electionTicksMin, electionTicksMax } = state.config
  state.electionElapsedTicks = 0
  state.electionTimeoutTicks = electionTicksMin + state.random.nextInt(electionTicksMax - electionTicksMin + 1)
}

function setHardState(state: RaftState, hardState: HardState): number {
  state.hardState = hardState
  return state.outbox.persistHardState(hardState)
}

function forgetCampaign(state: RaftState): void {
  state.votes.clear()
  state.ownVoteSequence = null
}

/** Barriers end with the office; proposals do not: their entries may still be committed by others. */
function leaveOffice(state: RaftState): void {
  const detail = `${state.self} no longer leads`
  const tokens = [...state.waitingReads, ...state.readRounds.flatMap((round) => round.tokens)]
  for (const token of tokens) {
    state.outbox.settle(token, { kind: 'refused', reason: 'notLeader', leader: null, detail })
  }
  state.waitingReads = []
  state.readRounds = []
  state.pendingReads = 0
  state.readRound = 0
  state.heartbeatElapsedTicks = 0
  state.diskElapsedTicks = 0
  state.progress.clear()
  state.uncommittedBytes = 0
  state.isReplicationDue = false
}
