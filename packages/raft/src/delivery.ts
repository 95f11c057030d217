import { assert, position, type Token } from '@quorate/contracts'
import { sizeOfEntry } from './entry.js'
import type { RaftState } from './state.js'
import type { LogIndex, Term } from './units.js'

/** True if something is committed and durable here that the machine was not given yet. */
export function canDeliver(state: RaftState): boolean {
  return (
    !state.isInstalling &&
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
    if (state.deposed.size > 0 && entry.term > (state.log.termAt(state.deliveredIndex) ?? 0)) {
      settleOutdated(state, entry.term)
    }
    const command = entry.kind === 'command' ? entry.data : null
    state.outbox.commit({ position: position(index), epoch: entry.term, token, command })
    state.deliveredIndex = entry.index
    state.unappliedBytes += sizeOfEntry(entry)
  }
}

/** The machine has applied everything up to here. */
export function onApplied(state: RaftState, applied: number): void {
  assert(applied <= state.deliveredIndex, 'only what was handed out is applied')
  if (applied <= state.lastApplied) return
  // What a snapshot skipped is not counted: it is no longer there.
  const first = Math.max(state.lastApplied + 1, state.log.firstIndex)
  state.unappliedBytes -= state.log.bytesBetween(first, applied)
  state.lastApplied = applied as LogIndex
  if (applied === state.deliveredIndex) state.isInstalling = false
}

/** A snapshot takes the place of everything up to its position: own proposals there may have happened, or not. */
export function skipTo(state: RaftState, index: LogIndex, term: Term): void {
  for (let skipped = state.deliveredIndex + 1; skipped <= Math.min(index, state.log.lastIndex); skipped += 1) {
    const token = state.log.tokenAt(skipped)
    if (token !== null) state.outbox.settle(token, { kind: 'unknown' })
  }
  for (const [at, tokens] of [...state.deposed].sort(([left], [right]) => left - right)) {
    if (at > index) break
    for (const { token } of tokens) state.outbox.settle(token, { kind: 'unknown' })
    state.deposed.delete(at)
  }
  settleOutdated(state, term)
  state.commitIndex = state.deliveredIndex = index
  state.unappliedBytes = 0
}

/**
 * An entry of a later term is committed, so whoever leads from now on holds it, and nobody can have an entry of an
 * earlier term behind it: what was truncated of earlier terms is overwritten, also where nothing is committed yet.
 */
function settleOutdated(state: RaftState, term: Term): void {
  for (const [index, tokens] of [...state.deposed].sort(([left], [right]) => left - right)) {
    const left = tokens.filter((deposed) => deposed.term >= term)
    for (const deposed of tokens) {
      if (deposed.term < term) state.outbox.settle(deposed.token, { kind: 'overwritten' })
    }
    if (left.length > 0) state.deposed.set(index, left)
    else state.deposed.delete(index)
  }
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
