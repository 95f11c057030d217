import {
  InvariantViolation,
  nodeId,
  position,
  ProtocolFormatError,
  seededRandom,
  sortedMembers,
  token,
  type SnapshotMeta,
} from '@quorate/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { logIndex, raft, term, type Entry, type RaftMessage } from '../../src/index.js'
import { encodeConfState } from '../../src/wire/conf-state-codec.js'
import { countMax } from '../../src/bounds.js'
import { Cores } from '../cores.js'
import { feedDamaged } from '../../../../tools/damaged-bytes/feed-damaged.js'

const module = raft()
const decode = (bytes: Uint8Array): RaftMessage => module.decode(bytes)
const isRefusal = (error: unknown): boolean => error instanceof ProtocolFormatError

function entry(index: number, at: number, bytes: number[], kind: Entry['kind'] = 'command'): Entry {
  return { index: logIndex(index), term: term(at), kind, data: Uint8Array.from(bytes) }
}

const conf = {
  voters: [nodeId('n1')],
  votersOutgoing: [nodeId('n1'), nodeId('n2')],
  learners: [],
  learnersNext: [nodeId('n2')],
  autoLeave: true,
}
const meta: SnapshotMeta = {
  position: position(9),
  epoch: 3,
  members: sortedMembers(
    ['n1', 'n2'].map((id) => ({
      id: nodeId(id),
      address: `${id}:1`,
      clientAddress: null,
      incarnation: 'i',
      role: 'voter' as const,
    })),
  ),
  protocol: encodeConfState(conf),
}
const learners = { ...conf, learners: [nodeId('n3')] }

const samples: readonly RaftMessage[] = [
  { kind: 'requestPreVote', term: term(7), lastLogIndex: logIndex(3), lastLogTerm: term(6) },
  { kind: 'requestPreVote', term: term(1), lastLogIndex: logIndex(0), lastLogTerm: term(0) },
  { kind: 'requestPreVoteReply', term: term(0), voteGranted: false },
  { kind: 'requestVote', term: term(2 ** 32 + 5), lastLogIndex: logIndex(2 ** 31), lastLogTerm: term(2 ** 32) },
  { kind: 'requestVoteReply', term: term(3), voteGranted: true },
  {
    kind: 'appendEntries',
    term: term(4),
    prevLogIndex: logIndex(2),
    prevLogTerm: term(1),
    leaderCommit: logIndex(2),
    entries: [entry(3, 2, [1, 2, 3]), entry(4, 4, [], 'noop'), entry(5, 4, [0, 255], 'membership')],
  },
  {
    kind: 'appendEntries',
    term: term(1),
    prevLogIndex: logIndex(0),
    prevLogTerm: term(0),
    leaderCommit: logIndex(0),
    entries: [],
  },
  { kind: 'appendEntriesReply', term: term(4), success: true, matchIndex: logIndex(5) },
  {
    kind: 'appendEntriesReply',
    term: term(4),
    success: false,
    prevLogIndex: logIndex(9),
    hintIndex: logIndex(4),
    hintTerm: term(2),
  },
  { kind: 'heartbeat', term: term(4), leaderCommit: logIndex(5), round: 2 ** 40 },
  { kind: 'heartbeatReply', term: term(4), round: 17 },
  { kind: 'installSnapshot', term: term(4), meta },
  { kind: 'installSnapshotReply', term: term(4), success: true, position: logIndex(9), matchIndex: logIndex(12) },
  { kind: 'timeoutNow', term: term(4) },
  { kind: 'requestVote', term: term(4), lastLogIndex: logIndex(3), lastLogTerm: term(2), isTransfer: true },
]

describe('messages on the wire', () => {
  test.each(samples.map((message) => [message.kind, message] as const))('%s comes back as it was', (_kind, message) => {
    for (const reserve of [0, 1, 9]) {
      const bytes = module.encode(message, reserve)
      expect(bytes.subarray(0, reserve)).toEqual(new Uint8Array(reserve))
      expect(module.decode(bytes.subarray(reserve))).toEqual(message)
    }
  })

  test('F-34: any terms, indexes and bytes come back as they were, up to the largest', () => {
    const count = fc.oneof(fc.nat(10), fc.constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 52, countMax - 10))
    const data = fc.uint8Array({ maxLength: 300 })
    fc.assert(
      fc.property(count, count, fc.array(data, { maxLength: 8 }), (first, second, all) => {
        const [low, high] = [Math.min(first, second) + 1, Math.max(first, second) + 1]
        const entries = all.map((each, at) => ({ ...entry(low + 1 + at, high, []), data: each }))
        const prev = { prevLogIndex: logIndex(low), prevLogTerm: term(low) }
        const message = {
          kind: 'appendEntries' as const,
          term: term(high),
          ...prev,
          leaderCommit: logIndex(high),
          entries,
        }
        expect(module.decode(module.encode(message, 0))).toEqual(message)
      }),
    )
  })

  test('what is damaged is refused with one kind of error, or is another message', () => {
    const bytes = samples.map((message) => module.encode(message, 0))
    const counts = feedDamaged(bytes, { decode, encode: (message) => module.encode(message, 0), isRefusal })
    expect(counts.read).toBeGreaterThan(1_000)
    expect(counts.refused).toBeGreaterThan(1_000)
  })

  test.each([
    ['a leader of term 0', { ...samples[6]!, term: term(0) }],
    ['a heartbeat of term 0', { ...samples[9]!, term: term(0) }],
    ['a leader of term 0 that hands over', { ...samples[13]!, term: term(0) }],
    ['a candidate of term 0', { ...samples[3]!, term: term(0), lastLogTerm: term(0), lastLogIndex: logIndex(0) }],
    ['a candidate with an entry of its own term', { ...samples[3]!, lastLogTerm: term(2 ** 32 + 5) }],
    ['a last entry of term 0', { ...samples[0]!, lastLogTerm: term(0) }],
    ['an entry before the first', { ...samples[5]!, prevLogIndex: logIndex(0) }],
    ['an entry of a term after the message’s', { ...samples[5]!, term: term(3) }],
    ['an entry of a term before the one it follows', { ...samples[5]!, prevLogTerm: term(3) }],
    [
      'a previous entry of a term after the message’s',
      { ...samples[6]!, prevLogIndex: logIndex(1), prevLogTerm: term(2) },
    ],
    ['an entry of term 0', { ...samples[6]!, entries: [entry(1, 0, [])] }],
    ['terms that go back', { ...samples[5]!, entries: [entry(3, 4, []), entry(4, 3, [])] }],
    ['a term that nobody reaches', { ...samples[10]!, term: term(countMax + 1) }],
    ['an index that nobody reaches', { ...samples[7]!, matchIndex: logIndex(countMax + 1) }],
    ['a snapshot of nothing', { ...samples[11]!, meta: { ...meta, position: position(0) } }],
    ['a snapshot of a term after the message’s', { ...samples[11]!, meta: { ...meta, epoch: 5 } }],
    ['a configuration of strangers', { ...samples[11]!, meta: { ...meta, protocol: encodeConfState(learners) } }],
    ['entries beyond the last index', { ...samples[5]!, prevLogIndex: logIndex(countMax - 1) }],
  ] as [string, RaftMessage][])('%s is refused', (_name, message) => {
    expect(() => module.decode(module.encode(message, 0))).toThrow('these bytes are no message')
  })

  test('a count that lies costs nothing', () => {
    const bytes = module.encode(samples[6]!, 0)
    bytes.set([255, 255, 255, 255], bytes.length - 4)
    expect(() => module.decode(bytes)).toThrow('4294967295 items cannot fit in 0 bytes')
  })

  test('D40: a message of a later format is refused by its number', () => {
    expect(() => module.decode(Uint8Array.of(2, 0))).toThrow('message format 2 is not known here')
  })

  test('admin commands come back, and nothing else is one', () => {
    expect(module.decodeAdmin(module.encodeAdmin({ kind: 'campaign' }))).toEqual({ kind: 'campaign' })
    feedDamaged([module.encodeAdmin({ kind: 'campaign' })], {
      decode: (bytes) => module.decodeAdmin(bytes),
      encode: (command) => module.encodeAdmin(command),
      isRefusal,
    })
  })
})

describe('F-38: whatever the network brings', () => {
  test('a step never throws, but for a leader that would replace what is committed', () => {
    const random = seededRandom(2)
    const number = (below: number): number => random.nextInt(below)
    for (let life = 0; life < 300; life += 1) {
      const cores = new Cores('n1 n2 n3', { preVote: life % 2 === 0, checkQuorum: life % 3 === 0 })
      const { raft: core } = cores.core('n1')
      if (life % 2 === 0) cores.elect('n1')
      if (life % 4 === 0) cores.propose('n1', 'x', 'y')
      try {
        for (let step = 0; step < 40; step += 1) {
          const sample = module.encode(samples[number(samples.length)]!, 0)
          for (let changes = number(3); changes > 0; changes -= 1) sample[2 + number(sample.length - 2)] = number(8)
          let message
          try {
            message = module.decode(sample)
          } catch {
            continue
          }
          core.step({ kind: 'receive', from: nodeId(`n${1 + number(4)}`), message })
          if (number(4) === 0) core.step({ kind: 'tick', missed: number(20) })
          if (number(4) === 0) core.step({ kind: 'propose', token: token(step), command: new Uint8Array(3) })
          cores.core('n1').work()
        }
      } catch (error) {
        expect(error).toBeInstanceOf(InvariantViolation)
        expect(String(error)).toMatch(/committed entry \d+ is never replaced/)
      }
    }
  })
})
