import { describe, expect, test } from 'vitest'
import { Cores } from '../cores.js'
import { accepted, append, asInThePaper, entry, heartbeat } from './messages.js'

describe('finding the leader', () => {
  test('§8: a server that does not lead rejects the request and names the leader that it heard last', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.elect('n1')
    cores.elect('n3')
    const [given = 0] = cores.propose('n2', 'x')
    expect(cores.core('n2').settled.get(given)).toMatchObject({ kind: 'refused', reason: 'notLeader', leader: 'n3' })
  })

  test('§8: it does so for reads as for commands', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const given = cores.read('n2')
    expect(cores.core('n2').settled.get(given)).toMatchObject({ kind: 'refused', reason: 'notLeader', leader: 'n1' })
  })

  test('§8: when the leader has crashed, a client tries others until one leads', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.crash('n1')
    cores.tickUntil(() => cores.leaders.length === 1)
    const leader = cores.core(cores.leaders[0] ?? '')
    const given = cores.propose(leader.id, 'x')
    expect(leader.tokens).toEqual(given)
  })
})

describe('commands', () => {
  test('§8: a leader that dies between commit and answer leaves a command that a retry would run again', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.propose('n1', 'x')
    cores.crash('n1')
    cores.tickUntil(() => cores.leaders.length === 1)
    cores.propose(cores.leaders[0] ?? '', 'x')
    expect(cores.core('n2').applied.filter((command) => command === 'x')).toHaveLength(2)
  })

  test('departs from §8: serial numbers of clients are not the core’s: it hands each command out as it came', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const given = cores.propose('n1', 'same', 'same')
    expect(cores.core('n1').applied).toEqual(['-', 'same', 'same'])
    expect(cores.core('n1').tokens).toEqual(given)
  })
})

describe('reads', () => {
  test('§8: a read adds nothing to the log', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.propose('n1', 'x')
    const before = [...cores.core('n1').log]
    const given = cores.read('n1')
    expect(cores.core('n1').reads.get(given)).toBe(2)
    expect(cores.core('n1').log).toEqual(before)
  })

  test('§8: a leader commits an empty entry when its term begins, to know what is committed', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    for (const name of ['n1', 'n2']) cores.receive(name, 'n9', append(1, [0, 0], [entry(1, 1, 'x')]))
    cores.elect('n1')
    expect(cores.core('n1').log).toEqual(['1:x', '2:-'])
    expect(cores.core('n1').state.commitIndex).toBe(2)
  })

  test('§8: until that entry is committed, no read is answered', () => {
    const cores = new Cores('n1 n2 n3')
    cores.fateOf = ({ message }) => (message.kind === 'appendEntries' ? 'lost' : 'arrives')
    cores.elect('n1')
    const given = cores.read('n1')
    cores.tick(10)
    expect(cores.core('n1').reads.has(given)).toBe(false)
    cores.receive('n1', 'n2', accepted(1, 1))
    expect(cores.core('n1').reads.get(given)).toBe(1)
  })

  test('§8: a leader asks a majority for heartbeats before it answers a read, lest it was deposed', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.elect('n1')
    cores.cut('n1', 'n2 n3')
    const stale = cores.read('n1')
    cores.elect('n2')
    cores.propose('n2', 'x')
    cores.tick(30, 'n1')
    expect(cores.core('n1').state.role).toBe('leader')
    expect(cores.core('n1').reads.has(stale)).toBe(false)
    cores.receive('n1', 'n2', heartbeat(2))
    expect(cores.core('n1').settled.get(stale)).toMatchObject({ kind: 'refused', reason: 'notLeader' })
  })

  test('§8: answers to heartbeats of before the read do not count', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.fateOf = ({ message }) => (message.kind === 'heartbeatReply' ? 'waits' : 'arrives')
    cores.tick(5, 'n1')
    cores.fateOf = ({ message }) => (message.kind === 'heartbeatReply' && message.round > 0 ? 'lost' : 'arrives')
    const given = cores.read('n1')
    cores.release()
    expect(cores.core('n1').reads.has(given)).toBe(false)
    cores.tick(6)
    expect(cores.core('n1').reads.has(given)).toBe(true)
  })

  test('departs from §8: no read is answered on the strength of a lease: each waits for its majority', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.tick(5)
    cores.fateOf = ({ message }) => (message.kind === 'heartbeatReply' ? 'lost' : 'arrives')
    const given = cores.read('n1')
    expect(cores.core('n1').state.role).toBe('leader')
    expect(cores.core('n1').reads.has(given)).toBe(false)
  })
})
