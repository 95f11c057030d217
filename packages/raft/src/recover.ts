import {
  assert,
  ProtocolFormatError,
  QuorateError,
  type Members,
  type ProtocolStart,
  type Recovery,
  type Sequence,
} from '@quorate/contracts'
import type { RaftConfig } from './config.js'
import type { Entry } from './entry.js'
import { Log } from './log/index.js'
import type { RaftAdmin, RaftMessage } from './message.js'
import { Raft } from './raft.js'
import type { HardState, RaftRecord } from './record.js'
import { resetElectionTimer } from './roles.js'
import { newState } from './state.js'
import { term } from './units.js'
import { decodeRecord } from './wire/record-codec.js'

/**
 * Folds the journal back into a member. Everything that is replayed is durable; nothing of it is committed yet, because
 * the commit index is not stored: the next leader tells it (decision D2).
 *
 * The founders count only while nothing was recorded yet. Throws `STORAGE_CORRUPT` for records that this protocol cannot
 * have written one behind the other, and `FORMAT_TOO_NEW` for those of a later version.
 */
export function recoverRaft(start: ProtocolStart, config: RaftConfig): Recovery<RaftMessage, RaftAdmin> {
  assert(start.snapshot === null, 'this version starts without a snapshot')
  const log = new Log()
  let hardState: HardState = { currentTerm: term(0), votedFor: null }
  let founders: Members | null = null
  let lastSequence = 0

  const fold = (record: RaftRecord, sequence: number): void => {
    switch (record.kind) {
      case 'bootstrap':
        founders = record.members
        return
      case 'hardState':
        checkGoesOn(hardState, record.hardState)
        hardState = record.hardState
        return
      case 'entries':
        checkFollows(log, record.firstIndex, record.entries, hardState)
        if (record.firstIndex <= log.lastIndex) log.truncateFrom(record.firstIndex)
        for (const entry of record.entries) log.append(entry, sequence, null)
    }
  }

  return {
    record(sequence: Sequence, bytes: Uint8Array): void {
      lastSequence = sequence
      try {
        fold(decodeRecord(bytes), sequence)
      } catch (error) {
        if (!(error instanceof ProtocolFormatError)) throw error
        const message = `record ${sequence} of the journal cannot be used: ${error.message}; restore this member from its peers`
        throw new QuorateError('STORAGE_CORRUPT', message, { cause: error })
      }
    },
    finish(): Raft {
      if (lastSequence > 0) log.onPersisted(lastSequence)
      const members = founders ?? (lastSequence === 0 ? start.bootstrap : null) ?? []
      const state = newState({ ...start, members }, config, log, lastSequence + 1, hardState)
      if (founders === null && lastSequence === 0 && start.bootstrap) state.outbox.persistBootstrap(start.bootstrap)
      state.outbox.members = members
      resetElectionTimer(state)
      return new Raft(state)
    },
  }
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
function checkFollows(log: Log, firstIndex: number, entries: readonly Entry[], { currentTerm }: HardState): void {
  const termBefore = log.termAt(firstIndex - 1)
  if (firstIndex < log.firstIndex || termBefore === null) {
    throw new ProtocolFormatError(`entry ${firstIndex} does not follow entry ${log.lastIndex}`)
  }
  const firstTerm = entries[0]?.term ?? termBefore
  const lastTerm = entries.at(-1)?.term ?? termBefore
  if (firstTerm < termBefore || lastTerm > currentTerm) {
    throw new ProtocolFormatError(`entry ${firstIndex} is of a term outside ${termBefore} to ${currentTerm}`)
  }
}
