import { raft, Raft, type RaftAdmin, type RaftMessage } from '@quorate/raft'
import type { Explored } from '../../src/explorer/model.js'
import { inspectionOf } from '../raft/raft-subject.js'

const dice = /sfc32:[0-9a-f]{32}/
const diceLength = 'sfc32:'.length + 32

/** Raft as the explorer takes it: elections when somebody wants one, and no pre-votes before them. */
export const plainRaft: Explored<RaftMessage, RaftAdmin> = {
  module: raft({
    preVote: false,
    checkQuorum: false,
    fastSuspicion: false,
    heartbeatMs: 10,
    electionTimeoutMs: [30, 40],
  }),
  timeout: [{ kind: 'admin', token: 9 as never, command: { kind: 'campaign' } }],
  beat: [{ kind: 'tick', missed: 0 }],
  normalize: withoutDice,
  inspect: (protocol) => {
    if (!(protocol instanceof Raft)) throw new TypeError('only Raft can be looked at here')
    return inspectionOf(protocol.state)
  },
}

/** The dice stand at the same place in every state: what they would say is a choice that the bounds make. */
export function withoutDice(state: Uint8Array): Uint8Array {
  const text = Buffer.from(state.buffer, state.byteOffset, state.length).toString('latin1')
  const at = dice.exec(text)?.index
  if (at === undefined) throw new TypeError('this state has no dice')
  state.fill('0'.charCodeAt(0), at + 'sfc32:'.length, at + diceLength)
  return state
}
