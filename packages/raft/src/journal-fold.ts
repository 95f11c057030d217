import {
  BytesError,
  ProtocolFormatError,
  QuorateError,
  type Members,
  type Sequence,
  type SnapshotMeta,
} from '@quorate/contracts'
import type { Entry } from './entry.js'
import { Log } from './log/index.js'
import type { ConfState } from './membership/conf-state.js'
import type { EntriesRecord, HardState, RaftRecord } from './record.js'
import { logIndex, term } from './units.js'
import { decodeConfState } from './wire/conf-state-codec.js'
import { decodeRecord } from './wire/record-codec.js'
import { checkSnapshotMeta } from './wire/snapshot-meta-codec.js'

/**
 * What a journal says, folded record by record: founders, term and vote, and the log behind the snapshot.
 *
 * On a snapshot the replay begins in the middle: entries that it stands for are skipped, everything above is kept, and
 * whether the log went on behind it was decided when it was installed (PORTS 9.1). Throws `STORAGE_CORRUPT` for records
 * that this protocol cannot have written one behind the other, and `FORMAT_TOO_NEW` for those of a later version.
 */
export class JournalFold {
  readonly log: Log
  /** The configuration as of the snapshot; null without one. */
  readonly conf: ConfState | null
  readonly #snapshot: SnapshotMeta | null
  #hardState: HardState | null = null
  #founders: Members | null = null
  #lastSequence = 0

  constructor(snapshot: SnapshotMeta | null) {
    this.#snapshot = snapshot
    this.conf = snapshot ? orCorrupt(nameOf(snapshot), () => confOf(snapshot)) : null
    this.log = snapshot ? new Log({ index: logIndex(snapshot.position), term: term(snapshot.epoch) }) : new Log()
  }

  /** The founders' record, if the replay holds it. */
  get founders(): Members | null {
    return this.#founders
  }

  /** Term and vote so far. */
  get hardState(): HardState {
    return this.#hardState ?? { currentTerm: term(0), votedFor: null }
  }

  /** 0: nothing was replayed. */
  get lastSequence(): number {
    return this.#lastSequence
  }

  /** True for a member that has neither a snapshot nor a record: one that starts for the first time. */
  get isEmpty(): boolean {
    return this.#lastSequence === 0 && this.#snapshot === null
  }

  record(sequence: Sequence, bytes: Uint8Array): void {
    this.#lastSequence = sequence
    orCorrupt(`record ${sequence} of the journal`, () => this.#fold(decodeRecord(bytes), sequence))
  }

  /** Everything was replayed, and so it is durable. */
  finish(): void {
    const snapshot = this.#snapshot
    if (snapshot) orCorrupt(nameOf(snapshot), () => checkReaches(this.log, this.hardState))
    if (this.#lastSequence > 0) this.log.onPersisted(this.#lastSequence)
  }

  #fold(record: RaftRecord, sequence: number): void {
    switch (record.kind) {
      case 'bootstrap':
        this.#founders = record.members
        return
      case 'hardState':
        if (this.#hardState) checkGoesOn(this.#hardState, record.hardState)
        this.#hardState = record.hardState
        return
      case 'reset':
        checkReset(this.log, record.base.index, this.#snapshot)
        return
      case 'entries':
        foldEntries(this.log, record, sequence, this.#hardState?.currentTerm ?? (this.#snapshot ? Infinity : 0))
    }
  }
}

function nameOf(snapshot: SnapshotMeta): string {
  return `the snapshot at ${snapshot.position}`
}

function orCorrupt<Value>(what: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ProtocolFormatError || error instanceof BytesError)) throw error
    const message = `${what} cannot be used: ${error.message}; restore this member from its peers`
    throw new QuorateError('STORAGE_CORRUPT', message, { cause: error })
  }
}

function confOf(snapshot: SnapshotMeta) {
  checkSnapshotMeta(snapshot)
  return decodeConfState(snapshot.protocol)
}

/** Takes what is above the snapshot. */
function foldEntries(log: Log, record: EntriesRecord, sequence: number, currentTerm: number): void {
  const entries = record.entries.filter(({ index }) => index > log.base.index)
  const first = entries[0]
  if (!first) return
  checkFollows(log, first, entries.at(-1) ?? first, currentTerm)
  if (first.index <= log.lastIndex) log.truncateFrom(first.index)
  for (const entry of entries) log.append(entry, sequence, null)
}

/** Refuses a term that goes back, and a vote that changes: either would let this member vote twice (§5.2). */
function checkGoesOn(before: HardState, after: HardState): void {
  const isSameTerm = after.currentTerm === before.currentTerm
  if (after.currentTerm < before.currentTerm) {
    throw new ProtocolFormatError(`term ${after.currentTerm} follows term ${before.currentTerm}`)
  }
  if (isSameTerm && before.votedFor !== null && after.votedFor !== before.votedFor) {
    throw new ProtocolFormatError(`the vote of term ${after.currentTerm} changes`)
  }
}

/** Refuses entries that would leave a hole, or whose terms lie outside those around them. */
function checkFollows(log: Log, first: Entry, last: Entry, currentTerm: number): void {
  const termBefore = log.termAt(first.index - 1)
  if (termBefore === null) {
    throw new ProtocolFormatError(`entry ${first.index} does not follow entry ${log.lastIndex}`)
  }
  if (first.term < termBefore || last.term > currentTerm) {
    throw new ProtocolFormatError(`entry ${first.index} is of a term outside ${termBefore} to ${currentTerm}`)
  }
}

/** Refuses a reset that the snapshot does not stand for, or behind entries that it removed: their records were released. */
function checkReset(log: Log, index: number, snapshot: SnapshotMeta | null): void {
  if (index > (snapshot?.position ?? 0)) {
    throw new ProtocolFormatError(`the log goes on behind a snapshot at ${index} that is not here`)
  }
  if (log.lastIndex > log.base.index) throw new ProtocolFormatError('a log begins anew behind entries of before')
}

/** Refuses a journal without the term that was recorded with the snapshot. */
function checkReaches(log: Log, { currentTerm }: HardState): void {
  if (currentTerm < log.lastTerm) {
    throw new ProtocolFormatError(`the journal knows term ${currentTerm}, and its entries reach term ${log.lastTerm}`)
  }
}
