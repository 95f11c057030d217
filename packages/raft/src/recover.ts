import {
  BytesError,
  ProtocolFormatError,
  QuorateError,
  type Members,
  type ProtocolStart,
  type Recovery,
  type Sequence,
  type SnapshotMeta,
} from '@quorate/contracts'
import type { RaftConfig } from './config.js'
import type { Entry } from './entry.js'
import { Log } from './log/index.js'
import type { RaftAdmin, RaftMessage } from './message.js'
import { Raft } from './raft.js'
import type { EntriesRecord, HardState, RaftRecord } from './record.js'
import { resetElectionTimer } from './roles.js'
import { newState } from './state.js'
import { logIndex, term } from './units.js'
import { decodeConfState } from './wire/conf-state-codec.js'
import { decodeRecord } from './wire/record-codec.js'
import { checkSnapshotMeta } from './wire/snapshot-meta-codec.js'

/**
 * Folds the journal back into a member. Everything that is replayed is durable; nothing of it is committed yet but what
 * the snapshot stands for, because the commit index is not stored: the next leader tells it (decision D2).
 *
 * On a snapshot the replay begins in the middle: entries that it stands for are skipped, everything above is kept, and
 * whether the log went on behind it was decided when it was installed (PORTS 9.1). The founders count only while there is
 * neither a snapshot nor a record. Throws `STORAGE_CORRUPT` for records that this protocol cannot have written one behind
 * the other, and `FORMAT_TOO_NEW` for those of a later version.
 */
export function recoverRaft(start: ProtocolStart, config: RaftConfig): Recovery<RaftMessage, RaftAdmin> {
  const { snapshot, bootstrap } = start
  const what = snapshot ? `the snapshot at ${snapshot.position}` : ''
  const conf = snapshot ? orCorrupt(what, () => confOf(snapshot)) : null
  const log = snapshot ? new Log({ index: logIndex(snapshot.position), term: term(snapshot.epoch) }) : new Log()
  let hardState: HardState | null = null
  let founders: Members | null = null
  let lastSequence = 0

  const fold = (record: RaftRecord, sequence: number): void => {
    switch (record.kind) {
      case 'bootstrap':
        founders = record.members
        return
      case 'hardState':
        if (hardState) checkGoesOn(hardState, record.hardState)
        hardState = record.hardState
        return
      case 'reset':
        checkReset(log, record.base.index, snapshot)
        return
      case 'entries':
        foldEntries(log, record, sequence, hardState?.currentTerm ?? (snapshot ? Infinity : 0))
    }
  }

  return {
    record(sequence: Sequence, bytes: Uint8Array): void {
      lastSequence = sequence
      orCorrupt(`record ${sequence} of the journal`, () => fold(decodeRecord(bytes), sequence))
    },
    finish(): Raft {
      const recorded = hardState ?? { currentTerm: term(0), votedFor: null }
      if (snapshot) orCorrupt(what, () => checkReaches(log, recorded))
      if (lastSequence > 0) log.onPersisted(lastSequence)
      const isNew = lastSequence === 0 && snapshot === null
      const members = snapshot?.members ?? founders ?? (isNew ? bootstrap : null) ?? []
      const state = newState({ ...start, members, conf }, config, log, lastSequence + 1, recorded)
      if (isNew && bootstrap) state.outbox.persistBootstrap(bootstrap)
      state.outbox.members = members
      resetElectionTimer(state)
      return new Raft(state)
    },
  }
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
