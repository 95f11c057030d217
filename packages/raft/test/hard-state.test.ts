import { describe, expect, test } from 'vitest'
import { nodeId } from '@quorate/contracts'
import { decodeRecord, logIndex, term, type RaftMessage } from '../src/index.js'
import { Cores } from './cores.js'

const without = { preVote: false, checkQuorum: false }

describe('hard state', () => {
  test('F-10: a vote leaves when it is durable, and is remembered', () => {
    const cores = new Cores('n1 n2 n3', without)
    const n3 = cores.core('n3')
    n3.isDiskHeld = true
    cores.cut('n1', 'n2')
    cores.campaign('n1')
    expect(cores.sentOf('requestVoteReply')).toEqual([])
    expect(cores.leaders).toEqual([])
    cores.persist('n3')
    expect(cores.leaders).toEqual(['n1'])
    cores.crash('n3', 'n1')
    cores.restart('n3')
    cores.receive('n3', 'n2', {
      kind: 'requestVote',
      term: term(1),
      lastLogIndex: logIndex(9),
      lastLogTerm: term(1),
    })
    expect(cores.sentOf('requestVoteReply').at(-1)?.message).toMatchObject({ term: 1, voteGranted: false })
  })

  test('F-10: a vote that was not durable is not sent, and may go to another after the crash', () => {
    const cores = new Cores('n1 n2 n3', without)
    cores.core('n3').isDiskHeld = true
    cores.cut('n1', 'n2')
    cores.campaign('n1')
    cores.crash('n3')
    cores.restart('n3')
    expect(cores.core('n3').state.hardState).toEqual({ currentTerm: 0, votedFor: null })
    cores.crash('n1')
    cores.elect('n2')
  })

  test('F-12: a member never restarts in an earlier term', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.receive('n2', 'n3', { kind: 'requestVoteReply', term: term(9), voteGranted: false })
    cores.crash('n2')
    cores.restart('n2')
    expect(cores.core('n2').state.hardState.currentTerm).toBe(9)
  })

  test('D2: the commit index is not stored: after a restart it is learned again, and everything is applied once', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.propose('n1', 'x', 'y')
    cores.crash('n1', 'n2', 'n3')
    cores.restart('n1', 'n2', 'n3')
    expect(cores.all.map(({ state }) => state.commitIndex)).toEqual([0, 0, 0])
    expect(cores.all.map(({ log }) => log)).toEqual(Array(3).fill(['1:-', '1:x', '1:y']))
    cores.elect('n2')
    expect(cores.all.map(({ applied }) => applied)).toEqual(Array(3).fill(['-', 'x', 'y', '-']))
  })

  test('terms and entries that wait together are written in their order, and only the last of terms in a row', () => {
    const cores = new Cores('n1 n2 n3')
    const { raft, readys } = cores.core('n1')
    const prev = { prevLogIndex: logIndex(0), prevLogTerm: term(0), leaderCommit: logIndex(0) }
    const entry = { index: logIndex(1), term: term(1), kind: 'noop' as const, data: new Uint8Array() }
    const receive = (message: RaftMessage): void => raft.step({ kind: 'receive', from: nodeId('n2'), message })
    receive({ kind: 'appendEntries', term: term(1), ...prev, entries: [entry] })
    receive({ kind: 'requestVoteReply', term: term(5), voteGranted: false })
    receive({ kind: 'requestVoteReply', term: term(6), voteGranted: false })
    cores.settle()
    expect(readys.at(-1)?.records.map(decodeRecord)).toEqual([
      { kind: 'hardState', hardState: { currentTerm: 1, votedFor: null } },
      { kind: 'entries', firstIndex: 1, entries: [entry] },
      { kind: 'hardState', hardState: { currentTerm: 6, votedFor: null } },
    ])
  })

  test('D2: term and vote are one record, and both survive', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.crash('n1')
    cores.restart('n1')
    expect(cores.core('n1').state.hardState).toEqual({ currentTerm: 1, votedFor: 'n1' })
  })

  test('F-31: every member restarts, and what was committed is there', () => {
    const cores = new Cores('n1 n2 n3')
    for (let life = 0; life < 5; life += 1) {
      cores.tickUntil(() => cores.leaders.length === 1)
      cores.propose(cores.leaders[0]!, `c${life}`)
      cores.tick(10)
      cores.crash('n1', 'n2', 'n3')
      cores.restart('n1', 'n2', 'n3')
    }
    cores.tickUntil(() => cores.all.every(({ applied }) => applied.includes('c4')))
    const commands = cores.core('n1').applied.filter((command) => command !== '-')
    expect(commands).toEqual(['c0', 'c1', 'c2', 'c3', 'c4'])
    expect(cores.core('n2').applied.filter((command) => command !== '-')).toEqual(commands)
  })
})
