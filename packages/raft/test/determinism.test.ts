import { InvariantViolation, nodeId, position, seededRandom, sequence, token, type Input } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { logIndex, raft, term, type RaftAdmin, type RaftMessage } from '../src/index.js'
import { Cores } from './cores.js'

describe('D38: the same inputs give the same outputs', () => {
  function run(order: readonly string[]): Uint8Array[] {
    const cores = new Cores('n1 n2 n3 n4 n5')
    cores.elect('n3')
    const n3 = cores.core('n3')
    cores.fateOf = () => 'lost'
    cores.propose('n3', 'x')
    n3.step({ kind: 'readBarrier', token: token(1_000) })
    cores.settle()
    for (const from of order) {
      cores.receive('n3', from, { kind: 'heartbeatReply', term: term(1), round: 0 })
      cores.receive('n3', from, { kind: 'appendEntriesReply', term: term(1), success: true, matchIndex: logIndex(2) })
    }
    return [n3.raft.exportState(), ...n3.readys.at(-1)!.records]
  }

  test('twice', () => {
    expect(run(['n1', 'n2', 'n4', 'n5'])).toEqual(run(['n1', 'n2', 'n4', 'n5']))
  })

  test('and the order in which answers come leaves no trace', () => {
    expect(run(['n5', 'n1', 'n4', 'n2'])).toEqual(run(['n1', 'n2', 'n4', 'n5']))
  })

  test('votes neither', () => {
    const states = [
      ['n2', 'n4'],
      ['n4', 'n2'],
    ].map((order) => {
      const cores = new Cores('n1 n2 n3 n4 n5', { preVote: false })
      cores.fateOf = () => 'lost'
      cores.core('n1').isDiskHeld = true
      cores.campaign('n1')
      for (const from of order) {
        cores.receive('n1', from, { kind: 'requestVoteReply', term: term(1), voteGranted: from === 'n2' })
      }
      return cores.core('n1').raft.exportState()
    })
    expect(states[0]).toEqual(states[1])
  })

  test('messages leave in the order of ids, whoever founded the cluster in which order', () => {
    const cores = new Cores('n3 n10 n2 n1')
    cores.elect('n2')
    const to = cores.sentOf('appendEntries').map((packet) => packet.to)
    expect(to.slice(0, 3)).toEqual(['n1', 'n10', 'n3'])
  })

  test('members share nothing: what one sends is not changed by what it does next', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const from = cores.sent.length
    cores.fateOf = () => 'waits'
    cores.propose('n1', 'x')
    const before = JSON.stringify(cores.sent.slice(from))
    cores.propose('n1', 'y', 'z')
    expect(JSON.stringify(cores.sent.slice(from, from + 2))).toBe(before)
  })
})

describe('D36: a broken invariant stops the core, and nobody catches it', () => {
  const steps: [string, Input<RaftMessage, RaftAdmin>][] = [
    ['a driver that reports more durable than it took', { kind: 'persisted', sequence: sequence(99) }],
    ['a machine that applied what it was not given', { kind: 'applied', position: position(1) }],
  ]

  test.each(steps)('%s', (_name, input) => {
    const cores = new Cores('n1 n2 n3')
    expect(() => cores.core('n1').raft.step(input)).toThrow(InvariantViolation)
  })

  test('durable records that are none any more', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    expect(() => cores.core('n1').raft.step({ kind: 'persisted', sequence: sequence(1) })).toThrow(InvariantViolation)
  })

  test('a leader that would replace what is committed', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.propose('n1', 'x')
    cores.tick(6)
    const entries = [{ index: logIndex(1), term: term(2), kind: 'noop' as const, data: new Uint8Array() }]
    const prev = { prevLogIndex: logIndex(0), prevLogTerm: term(0), leaderCommit: logIndex(0) }
    const message = { kind: 'appendEntries' as const, term: term(2), ...prev, entries }
    expect(() => cores.core('n3').raft.step({ kind: 'receive', from: nodeId('n2'), message })).toThrow(
      'committed entry 1 is never replaced',
    )
  })

  test('the cheap ones are looked at after every step', () => {
    const cores = new Cores('n1 n2 n3')
    cores.core('n1').state.commitIndex = logIndex(5)
    expect(() => cores.core('n1').raft.step({ kind: 'tick', missed: 0 })).toThrow('commitIndex 5')
  })
})

describe('snapshotMeta', () => {
  test('gives the term of a position, and nothing for one that is not here', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.propose('n1', 'x')
    const { raft: core } = cores.core('n1')
    expect(core.snapshotMeta(position(2))).toMatchObject({ position: 2, epoch: 1, members: [{}, {}, {}] })
    expect(core.snapshotMeta(position(9))).toBeNull()
  })
})

describe('leadership', () => {
  test('is told once after recovery, and when it changes', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.tick(20)
    const told = cores.core('n2').readys.flatMap(({ leadership }) => (leadership ? [leadership] : []))
    expect(told).toEqual([
      { leader: null, epoch: 0 },
      { leader: 'n1', epoch: 1 },
    ])
  })

  test('a member without a configuration starts, waits and answers', () => {
    const start = { self: nodeId('n9'), incarnation: 'i', bootstrap: null, snapshot: null, tickMs: 10 }
    const core = raft()
      .recover({ ...start, random: seededRandom(1) })
      .finish()
    for (let ticks = 0; ticks < 200; ticks += 1) core.step({ kind: 'tick', missed: 0 })
    expect(core.describe()).toMatchObject({ role: 'follower', term: 0 })
    expect(core.takeReady().messages).toEqual([])
  })
})
