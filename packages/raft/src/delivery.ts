import { position, type Token } from '@quorate/contracts'
import type { RaftState } from './state.js'
import type { LogIndex, Term } from './units.js'

/** True if something is committed and durable here that the machine was not given yet. */
export function canDeliver(state: RaftState): boolean {
  return (
    state.deliveredIndex < Math.min(state.commitIndex, state.log.persistedIndex) &&
    state.unappliedBytes < state.config.unappliedBytesMax
  )
}

/**
 * Hands out what is committed **and durable here** (order 7.2): a machine that was ahead of its own journal could save a
 * snapshot that the journal does not reach.
 */
export function deliver(state: RaftState): void {
  while (canDeliver(state)) {
    const index = state.deliveredIndex + 1
    const entry = state.log.entryAt(index)
    const token = settleTokens(state, entry.index, entry.term)
    const command = entry.kind === 'command' ? entry.data : null
    state.outbox.commit({ position: position(index), token, command })
    state.deliveredIndex = entry.index
    state.unappliedBytes += entry.data.length
  }
}

/** The machine has applied everything up to here. */
export function onApplied(state: RaftState, applied: number): void {
  const upTo = Math.min(applied, state.deliveredIndex)
  for (let index = state.lastApplied + 1; index <= upTo; index += 1) {
    state.unappliedBytes -= state.log.entryAt(index).data.length
  }
  state.lastApplied = Math.max(state.lastApplied, upTo) as LogIndex
}

/** Ends every own proposal for this place: one may be what was committed, the others were overwritten. */
function settleTokens(state: RaftState, index: LogIndex, term: Term): Token | null {
  let committed = state.log.tokenAt(index)
  if (state.deposed.size === 0) return committed
  for (const deposed of state.deposed.get(index) ?? []) {
    if (deposed.term === term) committed = deposed.token
    else state.outbox.settle(deposed.token, { kind: 'overwritten' })
  }
  state.deposed.delete(index)
  return committed
}
