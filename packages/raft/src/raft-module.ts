import type { ProtocolModule } from '@quorate/contracts'
import { configInTicks, parseRaftOptions, type RaftOptions } from './config.js'
import type { RaftAdmin, RaftMessage } from './message.js'
import { Raft } from './raft.js'
import { recoverRaft } from './recover.js'
import { decodeAdmin, decodeMessage, encodeAdmin, encodeMessage, messageFormat } from './wire/message-codec.js'
import { recordFormat } from './wire/record-codec.js'
import { decodeState } from './wire/state-codec.js'

/**
 * The Raft protocol, for a driver or a test: each member's life is made by `recover`. Throws `INVALID_OPTIONS` for
 * options that do not fit together.
 */
export function raft(options: RaftOptions = {}): ProtocolModule<RaftMessage, RaftAdmin> {
  const checked = parseRaftOptions(options)
  return {
    name: 'raft',
    formats: { record: recordFormat, message: messageFormat },
    timing: { heartbeatMs: checked.heartbeatMs, patienceMs: checked.electionTimeoutMs[0] },
    recover: (start) => recoverRaft(start, configInTicks(checked, start.tickMs)),
    encode: encodeMessage,
    decode: decodeMessage,
    encodeAdmin,
    decodeAdmin,
    importState: (state, start) => new Raft(decodeState(state, start, configInTicks(checked, start.tickMs))),
  }
}
