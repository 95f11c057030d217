import type { ProtocolStart, Recovery } from '@quorate/contracts'
import type { RaftConfig } from './config.js'
import { JournalFold } from './journal-fold.js'
import type { RaftAdmin, RaftMessage } from './message.js'
import { Raft } from './raft.js'
import { resetElectionTimer } from './roles.js'
import { newState } from './state.js'

/**
 * Folds the journal back into a member. Everything that is replayed is durable; nothing of it is committed yet but what
 * the snapshot stands for, because the commit index is not stored: the next leader tells it (decision D2). The founders
 * count only while there is neither a snapshot nor a record. Throws what {@link JournalFold} throws.
 */
export function recoverRaft(start: ProtocolStart, config: RaftConfig): Recovery<RaftMessage, RaftAdmin> {
  const { snapshot, bootstrap } = start
  const fold = new JournalFold(snapshot)
  return {
    record: (sequence, bytes) => fold.record(sequence, bytes),
    finish(): Raft {
      fold.finish()
      const { log, conf, hardState, founders, isEmpty, lastSequence } = fold
      const members = snapshot?.members ?? founders ?? (isEmpty ? bootstrap : null) ?? []
      const state = newState({ ...start, members, conf }, config, log, lastSequence + 1, hardState)
      if (isEmpty && bootstrap) state.outbox.persistBootstrap(bootstrap)
      state.outbox.members = members
      resetElectionTimer(state)
      return new Raft(state)
    },
  }
}
