import { assert, type Members, type ProtocolStart, type Recovery, type Sequence } from '@quorate/contracts'
import type { RaftConfig } from './config.js'
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
        hardState = record.hardState
        return
      case 'entries':
        if (record.firstIndex <= log.lastIndex) log.truncateFrom(record.firstIndex)
        for (const entry of record.entries) log.append(entry, sequence, null)
    }
  }

  return {
    record(sequence: Sequence, bytes: Uint8Array): void {
      lastSequence = sequence
      fold(decodeRecord(bytes), sequence)
    },
    finish(): Raft {
      if (lastSequence > 0) log.onPersisted(lastSequence)
      const members = founders ?? start.bootstrap ?? []
      const state = newState({ ...start, members }, config, log, lastSequence + 1, hardState)
      if (founders === null && lastSequence === 0 && start.bootstrap) state.outbox.persistBootstrap(start.bootstrap)
      state.outbox.members = members
      resetElectionTimer(state)
      return new Raft(state)
    },
  }
}
