import { nodeId, ProtocolFormatError, seededRandom, type ProtocolStart } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { raft, type RaftMessage } from '../../src/index.js'
import type { RaftRecord } from '../../src/record.js'
import { logIndex } from '../../src/units.js'
import { decodeRecord, encodeRecord } from '../../src/wire/record-codec.js'

const module = raft()
const ids = [nodeId('n1'), nodeId('n2'), nodeId('n3')] as const
const [n1, n2] = ids

function follower() {
  const members = ids.map((id) => ({
    id,
    address: `${id}:1`,
    clientAddress: null,
    incarnation: null,
    role: 'voter' as const,
  }))
  const start: ProtocolStart = {
    self: n2,
    incarnation: 'i2',
    bootstrap: members,
    snapshot: null,
    random: seededRandom(1),
    tickMs: 10,
  }
  const core = module.recover(start).finish()
  const give = (frame: Uint8Array): readonly Uint8Array[] => {
    while (core.hasReady()) core.takeReady()
    core.step({ kind: 'receive', from: n1, message: module.decode(frame) })
    const records: Uint8Array[] = []
    while (core.hasReady()) records.push(...core.takeReady().records)
    return records
  }
  return { give }
}

/** An append of a leader of term 1 behind what a founder starts with. */
function appendOf(commands: readonly string[], prevLogIndex = 0, prevLogTerm = 0): Uint8Array {
  const message = {
    kind: 'appendEntries',
    term: 1,
    prevLogIndex,
    prevLogTerm,
    leaderCommit: 0,
    entries: commands.map((text, at) => ({
      index: prevLogIndex + at + 1,
      term: 1,
      kind: 'command',
      data: new TextEncoder().encode(text),
    })),
  }
  return module.encode(message as unknown as RaftMessage, 0).slice()
}

test('a follower records what it was sent in the bytes that it was sent', () => {
  const { give } = follower()
  const frame = appendOf(['one', 'two'])
  const records = give(frame).filter((record) => record.buffer === frame.buffer)
  expect(records.map(decodeRecord)).toMatchObject([
    { kind: 'entries', firstIndex: 1, entries: [{ index: 1 }, { index: 2 }] },
  ])
})

test('of an append that it has in part, a follower records the rest', () => {
  const { give } = follower()
  give(appendOf(['one', 'two']))
  const frame = appendOf(['one', 'two', 'three'])
  const records = give(frame)
  expect(records.map(decodeRecord)).toMatchObject([{ kind: 'entries', firstIndex: 3, entries: [{ index: 3 }] }])
  expect(records[0]?.buffer).not.toBe(frame.buffer)
})

test('an append whose record is of another format, or is none of entries, is no message', () => {
  const frame = appendOf(['one'])
  const at = frame.length - encodeRecord(decodeAppend(frame)).length
  for (const [offset, value] of [
    [at, 2],
    [at + 1, 1],
  ] as const) {
    const changed = frame.slice()
    changed[offset] = value
    expect(() => module.decode(changed)).toThrow(ProtocolFormatError)
  }
})

function decodeAppend(frame: Uint8Array): RaftRecord {
  const message = module.decode(frame)
  if (message.kind !== 'appendEntries') throw new Error('it is no append')
  return { kind: 'entries', firstIndex: logIndex(message.prevLogIndex + 1), entries: message.entries }
}
