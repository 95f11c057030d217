import { describe, expect, test } from 'vitest'
import { term } from '../src/index.js'
import { Cores } from './cores.js'

function refusalOf(cores: Cores, name: string, given: number): unknown {
  return cores.core(name).settled.get(given)
}

describe('ReadIndex', () => {
  test('a barrier is answered with the commit index of its moment, after one round', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.propose('n1', 'x')
    const given = cores.read('n1')
    expect(cores.core('n1').reads.get(given)).toBe(2)
  })

  test('barriers that come together share one round', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const from = cores.sent.length
    const tokens = Array.from({ length: 50 }, () => cores.nextToken())
    for (const each of tokens) cores.core('n1').step({ kind: 'readBarrier', token: each })
    cores.settle()
    expect(cores.sentOf('heartbeat', from)).toHaveLength(2)
    expect([...cores.core('n1').reads.keys()]).toEqual(tokens)
  })

  test('F-6: a leader that was cut off answers no read, and refuses it when it steps down', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.cut('n1', 'n2 n3')
    const given = cores.read('n1')
    cores.tickUntil(() => cores.leaders.length === 1 && cores.leaders[0] !== 'n1')
    cores.propose(cores.leaders[0]!, 'new')
    cores.heal()
    cores.tick(10)
    expect(cores.core('n1').reads.has(given)).toBe(false)
    expect(refusalOf(cores, 'n1', given)).toMatchObject({ kind: 'refused', reason: 'notLeader' })
  })

  test('F-7: a barrier waits until an entry of the own term is committed', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.propose('n1', 'x')
    cores.tick(20)
    cores.crash('n1')
    cores.tick(20)
    cores.fateOf = ({ message }) => (message.kind === 'appendEntriesReply' ? 'lost' : 'arrives')
    cores.tickUntil(() => cores.leaders.length === 1)
    const leader = cores.leaders[0]!
    const given = cores.read(leader)
    cores.tick(8)
    expect(cores.core(leader).reads.has(given)).toBe(false)
    cores.fateOf = () => 'arrives'
    cores.tick(12)
    expect(cores.core(leader).reads.get(given)).toBe(3)
  })

  test('F-8: answers to an earlier round confirm no later read', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.fateOf = ({ message }) => (message.kind === 'heartbeatReply' ? 'waits' : 'arrives')
    const first = cores.read('n1')
    cores.fateOf = ({ message }) =>
      message.kind === 'heartbeat' ? 'lost' : message.kind === 'heartbeatReply' ? 'waits' : 'arrives'
    const second = cores.read('n1')
    cores.release()
    expect(cores.core('n1').reads.has(first)).toBe(true)
    expect(cores.core('n1').reads.has(second)).toBe(false)
    cores.tick(6)
    expect(cores.core('n1').reads.has(second)).toBe(true)
  })

  test('F-8: answers of an earlier term, or to a round that was never started, confirm nothing', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.cut('n1', 'n2 n3')
    const given = cores.read('n1')
    cores.receive('n1', 'n2', { kind: 'heartbeatReply', term: term(0), round: 1 })
    cores.receive('n1', 'n2', { kind: 'heartbeatReply', term: term(1), round: 7 })
    cores.receive('n1', 'stranger', { kind: 'heartbeatReply', term: term(1), round: 1 })
    expect(cores.core('n1').reads.has(given)).toBe(false)
    cores.receive('n1', 'n2', { kind: 'heartbeatReply', term: term(1), round: 1 })
    expect(cores.core('n1').reads.has(given)).toBe(true)
  })

  test('a round that was lost is asked again by the next heartbeat', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.fateOf = ({ message }) => (message.kind === 'heartbeat' ? 'lost' : 'arrives')
    const given = cores.read('n1')
    cores.fateOf = () => 'arrives'
    cores.tick(6)
    expect(cores.core('n1').reads.has(given)).toBe(true)
  })

  test('a single member answers at once, and two need each other', () => {
    const one = new Cores('n1')
    one.elect('n1')
    expect(one.core('n1').reads.has(one.read('n1'))).toBe(true)
    const two = new Cores('n1 n2')
    two.elect('n1')
    two.cut('n1', 'n2')
    const given = two.read('n1')
    expect(two.core('n1').reads.has(given)).toBe(false)
    two.heal()
    two.tick(6)
    expect(two.core('n1').reads.has(given)).toBe(true)
  })

  test('a learner’s answer confirms nothing', () => {
    const cores = new Cores('n1 n2 n3?')
    cores.elect('n1')
    cores.cut('n1', 'n2')
    const given = cores.read('n1')
    expect(cores.core('n1').reads.has(given)).toBe(false)
  })

  test('D8: who does not lead refuses, and says who does', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const given = cores.read('n2')
    expect(refusalOf(cores, 'n2', given)).toMatchObject({ kind: 'refused', reason: 'notLeader', leader: 'n1' })
  })
})
