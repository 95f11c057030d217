import { position, type EpochSpan, type ForceMembers, type Members, type SnapshotMeta } from '@quorate/contracts'
import type { Entry } from './entry.js'
import { JournalFold } from './journal-fold.js'
import type { Log } from './log/index.js'
import { confStateOf } from './membership/conf-state.js'
import { logIndex, term, type Term } from './units.js'
import { encodeConfState } from './wire/conf-state-codec.js'
import { encodeRecord } from './wire/record-codec.js'

/** Bytes of entries in one record: so many that it stays far below what a storage takes at once. */
const recordBytesMax = 1024 * 1024

/**
 * Begins another cluster with the log of one member, after a majority was lost for good. The new members are in effect
 * from the snapshot on, or from the first entry; entries that changed the old configuration keep their places and say
 * nothing any more. All members begin with the same records, so the logs match (§5.3), and in a term behind all others,
 * so that nothing was voted for in it (§5.2). Their first leader commits everything with its own first entry (§5.4.2).
 *
 * The paper has no such thing: what was committed by the lost majority and never reached this member is gone.
 */
export const forceMembers: ForceMembers = ({ snapshot, members }) => {
  const fold = new JournalFold(snapshot)
  return {
    record: (sequence, bytes) => fold.record(sequence, bytes),
    finish() {
      fold.finish()
      const { log } = fold
      return {
        snapshot: snapshot && { ...snapshot, members, protocol: encodeConfState(confStateOf(members)) },
        undecided: epochSpansOf(log),
        epoch: log.lastTerm,
        last: position(log.lastIndex),
        records: () => recordsOf(log, term(fold.hardState.currentTerm + 1), snapshot, members),
      }
    },
  }
}

function* recordsOf(
  log: Log,
  currentTerm: Term,
  snapshot: SnapshotMeta | null,
  members: Members,
): Generator<Uint8Array, void> {
  if (!snapshot) yield encodeRecord({ kind: 'bootstrap', members })
  yield encodeRecord({ kind: 'hardState', hardState: { currentTerm, votedFor: null } })
  for (let firstIndex = log.firstIndex; firstIndex <= log.lastIndex;) {
    const { entries } = log.slice(firstIndex, recordBytesMax, Infinity)
    yield encodeRecord({ kind: 'entries', firstIndex: logIndex(firstIndex), entries: entries.map(withoutChange) })
    firstIndex += entries.length
  }
}

function withoutChange(entry: Entry): Entry {
  return entry.kind === 'membership' ? { ...entry, kind: 'noop', data: new Uint8Array() } : entry
}

function epochSpansOf(log: Log): EpochSpan[] {
  const spans: EpochSpan[] = []
  for (let index = log.firstIndex; index <= log.lastIndex; index += 1) {
    const entry = log.entryAt(index)
    const span = spans.at(-1)
    const bytes = entry.data.length
    if (span?.epoch === entry.term) {
      spans[spans.length - 1] = { ...span, last: position(index), bytes: span.bytes + bytes }
    } else {
      spans.push({ epoch: entry.term, first: position(index), last: position(index), bytes })
    }
  }
  return spans
}
