import { ProtocolFormatError, isNodeId, type NodeId, type ProtocolModule } from '@quorate/contracts'
import { FixedLeaderMember } from './fixed-leader/member.js'
import { decodeMessage, encodeMessage, type FixedLeaderMessage } from './fixed-leader/message.js'
import { readWhole } from './read-whole.js'

export type { FixedLeaderMessage } from './fixed-leader/message.js'

/**
 * A protocol whose leader is chosen once, by the operator: majorities acknowledge, others refuse, and nobody takes over
 * when the leader is gone.
 *
 * It exists so that the driver meets a protocol with messages that is not Raft. Its entries travel in lane two: their
 * epoch never changes, so a leader that lost its newest entries in a crash would otherwise reuse their places.
 */
export function fixedLeader(options: { readonly leader: NodeId }): ProtocolModule<FixedLeaderMessage, never> {
  if (!isNodeId(options.leader)) throw new TypeError('fixedLeader needs the id of the member that leads')
  return {
    name: 'fixed-leader',
    timing: null,
    recover(start) {
      const member = new FixedLeaderMember(start, options.leader)
      return {
        record: (at, bytes) => member.recovered(at, bytes),
        finish: () => member.finishRecovery(),
      }
    },
    encode: encodeMessage,
    decode: decodeMessage,
    encodeAdmin: () => {
      throw new TypeError('fixedLeader has no admin commands')
    },
    decodeAdmin: () => {
      throw new ProtocolFormatError('fixedLeader has no admin commands')
    },
    importState: (state, start) =>
      readWhole(state, (reader) => new FixedLeaderMember(start, options.leader).restore(reader)),
  }
}
