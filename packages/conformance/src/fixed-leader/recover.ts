import { ProtocolFormatError, QuorateError, type NodeId, type ProtocolStart, type Recovery } from '@quorate/contracts'
import { Log } from './log.js'
import { FixedLeaderMember } from './member.js'
import type { FixedLeaderMessage } from './message.js'
import { decodeRecord, type FixedLeaderRecord } from './record.js'
import { membersOf, newState } from './state.js'

/**
 * Folds the journal back into a member. On a snapshot the replay begins in the middle: entries that it stands for are
 * skipped, everything above is kept, and whether the log went on behind it was decided when it was installed (section 9.1
 * of the ports). Throws `STORAGE_CORRUPT` for records that no member can have written one behind the other.
 */
export function recoverFixedLeader(start: ProtocolStart, leader: NodeId): Recovery<FixedLeaderMessage, never> {
  const members = membersOf(start, leader)
  const log = new Log(start.snapshot?.position ?? 0)
  let lastSequence = 0
  return {
    record(sequence, bytes) {
      lastSequence = sequence
      try {
        fold(log, decodeRecord(bytes), sequence)
      } catch (error) {
        if (!(error instanceof ProtocolFormatError)) throw error
        const message = `record ${sequence} of the journal cannot be used: ${error.message}`
        throw new QuorateError('STORAGE_CORRUPT', `${message}; restore this member from its peers`, { cause: error })
      }
    },
    finish() {
      log.onPersisted(lastSequence)
      const state = newState({ self: start.self, leader, members }, log, lastSequence + 1)
      state.outbox.leadership = { leader, epoch: 1 }
      state.outbox.members = members
      return new FixedLeaderMember(state)
    },
  }
}

function fold(log: Log, record: FixedLeaderRecord, sequence: number): void {
  const { kind, position } = record
  if (kind === 'snapshot') {
    if (position > log.base) throw new ProtocolFormatError(`it names a snapshot at ${position} that is not here`)
    if (record.log === 'resets' && log.last > log.base) {
      throw new ProtocolFormatError('a log begins anew behind entries of before')
    }
  } else if (position > log.base) {
    if (position !== log.last + 1) throw new ProtocolFormatError(`entry ${position} does not follow entry ${log.last}`)
    log.append({ command: record.command, token: null, sequence })
  }
}
