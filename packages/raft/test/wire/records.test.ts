import {
  nodeId,
  position,
  ProtocolFormatError,
  QuorateError,
  seededRandom,
  sequence,
  sortedMembers,
  type Members,
  type SnapshotMeta,
} from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import type { Raft } from '../../src/index.js'
import { decodeRecord, encodeRecord, logIndex, raft, term, type Entry, type RaftRecord } from '../../src/index.js'
import { confStateOf } from '../../src/membership/conf-state.js'
import { encodeConfState } from '../../src/wire/conf-state-codec.js'
import { feedDamaged } from '../../../../tools/damaged-bytes/feed-damaged.js'

function entry(index: number, at: number): Entry {
  return { index: logIndex(index), term: term(at), kind: 'command', data: Uint8Array.of(index, at) }
}

const members: Members = sortedMembers(
  ['n1', 'n2', 'n3'].map((id) => ({
    id: nodeId(id),
    address: `${id}:1`,
    clientAddress: id === 'n1' ? 'localhost:80' : null,
    incarnation: null,
    role: 'voter',
  })),
)
const bootstrap: RaftRecord = { kind: 'bootstrap', members }
const hardState = (at: number, votedFor: string | null = null): RaftRecord => ({
  kind: 'hardState',
  hardState: { currentTerm: term(at), votedFor: votedFor === null ? null : nodeId(votedFor) },
})
const entries = (...all: Entry[]): RaftRecord => ({ kind: 'entries', firstIndex: all[0]!.index, entries: all })

const reset = (at: number): RaftRecord => ({ kind: 'reset', base: { index: logIndex(at), term: term(2) } })

const isRefusal = (error: unknown): boolean => error instanceof ProtocolFormatError

const samples = [bootstrap, hardState(0), hardState(2 ** 40, 'n2'), entries(entry(4, 2), entry(5, 3)), reset(7)]

function recover(
  records: readonly RaftRecord[],
  founders: Members | null = null,
  snapshot: SnapshotMeta | null = null,
): Raft {
  const start = { self: nodeId('n1'), incarnation: 'i', bootstrap: founders, snapshot, tickMs: 10 }
  const recovery = raft().recover({ ...start, random: seededRandom(1) })
  records.forEach((record, at) => recovery.record(sequence(at + 1), encodeRecord(record)))
  return recovery.finish() as Raft
}

describe('records', () => {
  test.each(samples.map((record) => [record.kind, record] as const))('%s comes back as it was', (_kind, record) => {
    expect(decodeRecord(encodeRecord(record))).toEqual(record)
  })

  test('what is damaged is refused, or is another record', () => {
    const known = (bytes: Uint8Array): RaftRecord => {
      // A later format has an error of its own.
      if ((bytes[0] ?? 0) > 1) bytes[0] = 0
      return decodeRecord(bytes)
    }
    const counts = feedDamaged(samples.map(encodeRecord), { decode: known, encode: encodeRecord, isRefusal })
    expect(counts.refused).toBeGreaterThan(1_000)
  })

  test('D40: a record of a later version is FORMAT_TOO_NEW', () => {
    const later = encodeRecord(hardState(1))
    later[0] = 2
    expect(() => decodeRecord(later)).toThrow(expect.objectContaining({ code: 'FORMAT_TOO_NEW' }))
  })
})

describe('recovery', () => {
  test('folds terms, votes, entries and what replaced them', () => {
    const { state } = recover([
      bootstrap,
      hardState(1, 'n2'),
      entries(entry(1, 1), entry(2, 1), entry(3, 1)),
      hardState(3),
      entries(entry(2, 3)),
      hardState(4, 'n1'),
    ])
    expect(state.hardState).toEqual({ currentTerm: 4, votedFor: 'n1' })
    expect([state.log.lastIndex, state.log.termAt(1), state.log.termAt(2)]).toEqual([2, 1, 3])
    expect(state.log.persistedIndex).toBe(2)
    expect(state.members).toEqual(members)
  })

  test('D2: it starts as a follower of nobody that knows nothing to be committed', () => {
    const { state } = recover([bootstrap, hardState(1, 'n1'), entries(entry(1, 1))])
    expect(state).toMatchObject({ role: 'follower', leader: null, commitIndex: 0, deliveredIndex: 0 })
  })

  test('the founders count while nothing was recorded, and are the first record', () => {
    const first = recover([], members)
    expect(first.state.members).toEqual(members)
    expect(first.takeReady().records.map(decodeRecord)).toEqual([bootstrap])
    const later = recover([bootstrap], [])
    expect(later.state.members).toEqual(members)
    expect(later.takeReady()).toMatchObject({ records: [], firstSequence: 2, members })
    expect(recover([hardState(1)], members).state.members).toEqual([])
  })

  test.each([
    ['a hole', [hardState(1), entries(entry(2, 1))], 'record 2 of the journal cannot be used: entry 2 does not follow'],
    [
      'an entry of a term before the last',
      [hardState(3), entries(entry(1, 3)), entries(entry(2, 2))],
      'outside 3 to 3',
    ],
    ['a term that goes back', [hardState(3), hardState(2)], 'term 2 follows term 3'],
    ['a vote that changes', [hardState(3, 'n1'), hardState(3, 'n2')], 'the vote of term 3 changes'],
    ['a reset without its snapshot', [hardState(3), reset(7)], 'a snapshot at 7 that is not here'],
    ['an entry of a term that was never recorded', [hardState(1), entries(entry(1, 2))], 'outside 0 to 1'],
    ['an entry before any term', [entries(entry(1, 1))], 'outside 0 to 0'],
  ] as [string, RaftRecord[], string][])('%s is STORAGE_CORRUPT', (_name, records, message) => {
    expect(() => recover(records)).toThrow(
      expect.objectContaining({ code: 'STORAGE_CORRUPT', message: expect.stringContaining(message) as string }),
    )
  })

  describe('on a snapshot', () => {
    const meta: SnapshotMeta = {
      position: position(4),
      epoch: 2,
      members,
      protocol: encodeConfState(confStateOf(members)),
    }

    test('F-18: members are those that the snapshot holds, whatever the founders were', () => {
      expect(recover([hardState(2)], members.slice(0, 1), meta).state.members).toEqual(members)
    })

    test('entries that it stands for are skipped, and what is above it is kept', () => {
      const { state } = recover([hardState(2), entries(entry(3, 2), entry(4, 2)), entries(entry(5, 2))], null, meta)
      expect([state.log.base.index, state.log.lastIndex, state.commitIndex]).toEqual([4, 5, 4])
    })

    test('the record of its installation may come again with the release', () => {
      const { state } = recover([hardState(2), reset(4), entries(entry(5, 2))], null, meta)
      expect(state.log.lastIndex).toBe(5)
    })

    test.each([
      ['a reset behind entries', [hardState(2), entries(entry(5, 2)), reset(4)], 'begins anew behind entries'],
      ['a journal without its term', [hardState(1)], 'knows term 1, and its entries reach term 2'],
      ['a journal without any term', [entries(entry(5, 7))], 'knows term 0, and its entries reach term 7'],
    ] as [string, RaftRecord[], string][])('%s is STORAGE_CORRUPT', (_name, records, message) => {
      expect(() => recover(records, null, meta)).toThrow(
        expect.objectContaining({ code: 'STORAGE_CORRUPT', message: expect.stringContaining(message) as string }),
      )
    })

    test.each([
      ['of no entry', { ...meta, position: position(0) }, 'stands for one entry at least'],
      ['of voters who are no members', { ...meta, members: members.slice(1) }, 'n1 is in the configuration'],
      ['of a damaged configuration', { ...meta, protocol: Uint8Array.of(1) }, 'these bytes are no configuration'],
    ])('one %s is STORAGE_CORRUPT', (_name, damaged, message) => {
      expect(() => recover([hardState(2)], null, damaged)).toThrow(
        expect.objectContaining({ code: 'STORAGE_CORRUPT', message: expect.stringContaining(message) as string }),
      )
    })
  })

  test('D40: a record of a later version stops the recovery as FORMAT_TOO_NEW, not as damage', () => {
    const start = { self: nodeId('n1'), incarnation: 'i', bootstrap: null, snapshot: null, tickMs: 10 }
    const recovery = raft().recover({ ...start, random: seededRandom(1) })
    expect(() => recovery.record(sequence(1), Uint8Array.of(9, 0))).toThrow(
      expect.objectContaining({ code: 'FORMAT_TOO_NEW' }),
    )
  })

  test('bytes that are no record are STORAGE_CORRUPT, with the record’s number', () => {
    const start = { self: nodeId('n1'), incarnation: 'i', bootstrap: null, snapshot: null, tickMs: 10 }
    const recovery = raft().recover({ ...start, random: seededRandom(1) })
    const record = () => recovery.record(sequence(7), Uint8Array.of(1, 9))
    expect(record).toThrow(QuorateError)
    expect(record).toThrow('record 7 of the journal cannot be used')
  })
})
