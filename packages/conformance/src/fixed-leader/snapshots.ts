import { assert, sequence, type Position, type SnapshotMeta } from '@quorate/contracts'
import type { SnapshotRecord } from './record.js'
import { metaOf, type FixedLeaderState } from './state.js'

/** What the log keeps at most, below a snapshot, for followers that fetch an earlier one. */
const transferEntriesMax = 4096
const transferBytesMax = 4 * 1024 * 1024

/** Null if a snapshot beyond this position is here already (section 9.7 of the ports), or the machine cannot be there. */
export function snapshotMetaAt(state: FixedLeaderState, at: Position): SnapshotMeta | null {
  return at < state.snapshot || at > state.delivered ? null : metaOf(state, at)
}

/**
 * A snapshot of this member's own machine is durable: the journal may forget what it stands for, and so may the log, but
 * for what a follower needs that fetches an earlier one.
 */
export function onSnapshotSaved(state: FixedLeaderState, { position: at }: SnapshotMeta): void {
  if (at <= state.snapshot) return
  assert(at <= state.delivered, 'a snapshot is of what the machine has applied')
  release(state, at, 'keeps')
  const { log, followers } = state
  const needed = Math.min(at, ...followers.map(({ offered }) => offered ?? at))
  const tail = log.startOfTail(at, transferEntriesMax, transferBytesMax)
  log.forgetTo(Math.max(needed, tail, log.base))
}

/** Order 7.3: what must outlive the journal below is recorded again, and the replay begins with the log behind it. */
export function release(state: FixedLeaderState, at: Position, fate: SnapshotRecord['log']): void {
  const { log, outbox } = state
  const recorded = outbox.persist({ kind: 'snapshot', position: at, log: fate })
  const first = at < log.last ? log.at(at + 1).sequence : recorded
  state.snapshot = at
  outbox.release = { sequence: sequence(first), snapshot: at }
}
