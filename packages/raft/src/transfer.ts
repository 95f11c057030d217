import type { NodeId, Token } from '@quorate/contracts'
import type { RaftState, Transfer } from './state.js'

/**
 * Hands leadership over (thesis §3.10): proposals wait, the target is brought up to date, and is told to campaign at
 * once. To null: to the voter that has the most. A second wish takes the place of the first.
 *
 * Within the longest election timeout another leader is known, or this one goes on: a failed transfer never leaves
 * proposals blocked (F-26).
 */
export function onTransfer(state: RaftState, token: Token, wanted: NodeId | null): void {
  if (state.role !== 'leader') {
    const detail = `${state.self} does not lead`
    state.outbox.settle(token, { kind: 'refused', reason: 'notLeader', leader: state.leader, detail })
    return
  }
  const to = wanted ?? mostUpToDate(state)
  if (to === null || to === state.self || !state.conf.voters.includes(to)) {
    const detail = to === null ? 'nobody else votes' : `${to} is no other voter`
    state.outbox.settle(token, { kind: 'refused', reason: 'invalid', leader: state.leader, detail })
    return
  }
  if (state.transfer) endTransfer(state, state.transfer, 'another transfer takes its place')
  state.transfer = { token, to, term: state.hardState.currentTerm, elapsedTicks: 0, isSent: false }
  maybeSendTimeoutNow(state, to)
}

/** Tells the target to campaign, once it has everything; again when it answers, since that may have been lost. */
export function maybeSendTimeoutNow(state: RaftState, from: NodeId): void {
  const { transfer } = state
  if (state.role !== 'leader' || transfer?.to !== from) return
  if (state.progress.get(from)?.matchIndex !== state.log.lastIndex) return
  transfer.isSent = true
  state.outbox.send(from, { kind: 'timeoutNow', term: state.hardState.currentTerm })
}

/** Time passes for a transfer, also after the office. */
export function tickTransfer(state: RaftState, missed: number): void {
  if (!state.transfer) return
  state.transfer.elapsedTicks += 1 + missed
  if (state.transfer.elapsedTicks >= state.config.electionTicksMax) {
    endTransfer(state, state.transfer, `${state.transfer.to} did not take over in time`)
  }
}

/** It is done when another leader of a later term is known, and without a known end when this member leads again. */
export function maybeSettleTransfer(state: RaftState): void {
  const { transfer, leader } = state
  if (!transfer) return
  if (state.role !== 'leader' && !transfer.isSent) {
    endTransfer(state, transfer, '')
  } else if (state.hardState.currentTerm > transfer.term && leader !== null) {
    if (leader === state.self) endTransfer(state, transfer, '')
    else finish(state, transfer.token)
  }
}

function finish(state: RaftState, token: Token): void {
  state.transfer = null
  state.outbox.settle(token, { kind: 'done', position: null })
}

/** Who was not told to campaign does not; who was may still win. */
function endTransfer(state: RaftState, transfer: Transfer, detail: string): void {
  state.transfer = null
  if (transfer.isSent || state.role !== 'leader') state.outbox.settle(transfer.token, { kind: 'unknown' })
  else state.outbox.settle(transfer.token, { kind: 'refused', reason: 'overloaded', leader: state.leader, detail })
}

function mostUpToDate(state: RaftState): NodeId | null {
  let best: NodeId | null = null
  let most = -1
  for (const [peer, { matchIndex }] of state.progress) {
    if (matchIndex <= most || !state.conf.voters.includes(peer)) continue
    best = peer
    most = matchIndex
  }
  return best
}
