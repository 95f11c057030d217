import { ProtocolFormatError, isNodeId, type ProtocolModule } from '@quorate/contracts'
import { FixedLeaderMember } from './fixed-leader/member.js'
import { decodeMessage, encodeMessage, type FixedLeaderMessage } from './fixed-leader/message.js'
import { recoverFixedLeader } from './fixed-leader/recover.js'
import { readState } from './fixed-leader/state-codec.js'
import { readWhole } from './read-whole.js'

export type { FixedLeaderMessage } from './fixed-leader/message.js'

/**
 * A protocol whose leader is chosen once, by the operator: majorities acknowledge, others refuse, a member that was away
 * for longer than the log reaches back is brought up by a snapshot, and nobody takes over when the leader is gone.
 *
 * It exists so that the driver meets a protocol with messages that is not Raft. One leader writes every log, so no two of
 * them ever differ at a position, and the epoch is 1 for ever. Excluded is therefore a member that comes back without its
 * disk: a follower would be counted for what it no longer has, and a leader would write its log again from 1, past
 * followers that hold another one. Such a cluster is founded anew.
 */
export function fixedLeader(options: { readonly leader: string }): ProtocolModule<FixedLeaderMessage, never> {
  const { leader } = options
  if (!isNodeId(leader)) throw new TypeError('fixedLeader needs the id of the member that leads')
  return {
    name: 'fixed-leader',
    timing: null,
    recover: (start) => recoverFixedLeader(start, leader),
    encode: encodeMessage,
    decode: decodeMessage,
    encodeAdmin: () => {
      throw new TypeError('fixedLeader has no admin commands')
    },
    decodeAdmin: () => {
      throw new ProtocolFormatError('fixedLeader has no admin commands')
    },
    importState: (state, start) =>
      readWhole(state, (reader) => new FixedLeaderMember(readState(reader, start, leader))),
  }
}
