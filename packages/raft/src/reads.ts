import type { Token } from '@quorate/contracts'
import { jointIndex } from './quorum/index.js'
import type { RaftState } from './state.js'

/**
 * ReadIndex (thesis §6.4): a read may be answered from the state at the commit index of the moment it came, once a
 * quorum has confirmed after that moment that this member still leads.
 *
 * Barriers that come together share one round. Rounds are the leader's own and only grow, so that no answer to an
 * earlier heartbeat, however late, can confirm a later read.
 */
export function onReadBarrier(state: RaftState, token: Token): void {
  if (state.role !== 'leader') {
    const detail = `${state.self} does not lead`
    state.outbox.settle(token, { kind: 'refused', reason: 'notLeader', leader: state.leader, detail })
    return
  }
  if (state.pendingReads >= state.config.pendingReadsMax) {
    const detail = `${state.pendingReads} reads wait for a majority already`
    state.outbox.settle(token, { kind: 'refused', reason: 'overloaded', leader: state.leader, detail })
    return
  }
  state.waitingReads.push(token)
  state.pendingReads += 1
}

/**
 * True if the waiting barriers can have their round: only after an entry of the own term is committed does the leader
 * know all that earlier leaders committed (§8).
 */
export function canStartRound(state: RaftState): boolean {
  return (
    state.role === 'leader' &&
    state.waitingReads.length > 0 &&
    state.log.termAt(state.commitIndex) === state.hardState.currentTerm
  )
}

/** Starts a round for all barriers that wait; the caller sends its heartbeats. */
export function startRound(state: RaftState): void {
  state.readRound += 1
  state.readRounds.push({ round: state.readRound, index: state.commitIndex, tokens: state.waitingReads })
  state.waitingReads = []
  onRoundAcked(state)
}

/** Answers the rounds that a quorum has confirmed. The leader confirms itself. */
export function onRoundAcked(state: RaftState): void {
  if (state.readRounds.length === 0) return
  const confirmed = jointIndex(state.quorum, (voter) =>
    voter === state.self ? state.readRound : (state.progress.get(voter)?.ackedRound ?? 0),
  )
  for (let round = state.readRounds[0]; round && round.round <= confirmed; round = state.readRounds[0]) {
    state.readRounds.shift()
    for (const token of round.tokens) state.outbox.answerRead(token, round.index)
    state.pendingReads -= round.tokens.length
  }
}
