import { expect, test } from 'vitest'
import { Cores } from '../cores.js'
import { accepted, append, asInThePaper, entry, heartbeat, requestVote, vote } from './messages.js'

test('§5.1: five servers go on working when two of them have failed, and not when three have', () => {
  const cores = new Cores('n1 n2 n3 n4 n5')
  cores.elect('n1')
  cores.crash('n4', 'n5')
  cores.propose('n1', 'with three')
  expect(cores.core('n1').applied).toContain('with three')
  cores.crash('n3')
  cores.propose('n1', 'with two')
  expect(cores.core('n1').applied).not.toContain('with two')
})

test('§5.1: in normal operation there is one leader, and every other server is a follower', () => {
  const cores = new Cores('n1 n2 n3 n4 n5')
  cores.tickUntil(() => cores.leaders.length === 1)
  cores.tick(200)
  expect(cores.all.map(({ state }) => state.role).sort()).toEqual([
    'follower',
    'follower',
    'follower',
    'follower',
    'leader',
  ])
})

test('§5.1: followers are passive: they answer, and ask for nothing by themselves', () => {
  const cores = new Cores('n1 n2 n3')
  cores.elect('n1')
  cores.propose('n1', 'x')
  cores.tick(200)
  const kinds = new Set(cores.sent.filter(({ from }) => from !== 'n1').map(({ message }) => message.kind))
  expect([...kinds].sort()).toEqual(['appendEntriesReply', 'heartbeatReply', 'requestPreVoteReply', 'requestVoteReply'])
})

test('§5.1: a follower that a client turns to names the leader', () => {
  const cores = new Cores('n1 n2 n3')
  cores.elect('n1')
  const [given = 0] = cores.propose('n2', 'x')
  expect(cores.core('n2').settled.get(given)).toMatchObject({ kind: 'refused', reason: 'notLeader', leader: 'n1' })
})

test('§5.1: terms are consecutive numbers, and each begins with an election', () => {
  const cores = new Cores('n1 n2 n3', asInThePaper)
  const terms = ['n1', 'n2', 'n3', 'n1'].map((name) => {
    cores.elect(name)
    return cores.core(name).state.hardState.currentTerm
  })
  expect(terms).toEqual([1, 2, 3, 4])
})

test('§5.1: a split vote leaves a term without a leader, and another term follows', () => {
  const cores = new Cores('n1 n2 n3 n4', asInThePaper)
  cores.cut('n1 n2', 'n3 n4')
  cores.campaign('n1')
  cores.campaign('n3')
  expect(cores.all.map(({ state }) => state.hardState.votedFor)).toEqual(['n1', 'n1', 'n3', 'n3'])
  expect(cores.leaders).toEqual([])
  cores.heal()
  cores.tickUntil(() => cores.leaders.length === 1)
  expect(cores.core(cores.leaders[0] ?? '').state.hardState.currentTerm).toBeGreaterThan(1)
})

test('§5.1: there is at most one leader in a term', () => {
  const cores = new Cores('n1 n2 n3 n4 n5', asInThePaper)
  for (const name of ['n1', 'n2']) {
    cores.core(name).step({ kind: 'admin', token: cores.nextToken(), command: { kind: 'campaign' } })
  }
  cores.settle()
  expect(cores.all.map(({ state }) => state.hardState.currentTerm)).toEqual([1, 1, 1, 1, 1])
  expect(cores.leaders).toHaveLength(1)
})

test('§5.1: every server stores its term, which only grows, also over a restart', () => {
  const cores = new Cores('n1 n2 n3', asInThePaper)
  const n3 = cores.core('n3')
  cores.receive('n3', 'n1', heartbeat(7))
  cores.receive('n3', 'n2', heartbeat(4))
  expect(n3.state.hardState.currentTerm).toBe(7)
  cores.crash('n3')
  cores.restart('n3')
  expect(n3.state.hardState.currentTerm).toBe(7)
})

test('§5.1: whenever servers speak, the one with the smaller term takes over the larger', () => {
  const cores = new Cores('n1 n2 n3', asInThePaper)
  const termOf = (name: string) => cores.core(name).state.hardState.currentTerm
  cores.receive('n1', 'n2', requestVote(2))
  expect(termOf('n1')).toBe(2)
  cores.receive('n1', 'n2', append(3, [0, 0]))
  expect(termOf('n1')).toBe(3)
  cores.receive('n1', 'n2', heartbeat(4))
  expect(termOf('n1')).toBe(4)
  cores.receive('n1', 'n2', vote(5, false))
  expect(termOf('n1')).toBe(5)
})

test('§5.1: a candidate that learns of a later term becomes a follower at once', () => {
  const cores = new Cores('n1 n2 n3', asInThePaper)
  cores.cut('n1', 'n2 n3')
  cores.campaign('n1')
  cores.receive('n1', 'n2', vote(2, false))
  expect(cores.core('n1').state).toMatchObject({ role: 'follower', hardState: { currentTerm: 2, votedFor: null } })
})

test('§5.1: a leader that learns of a later term becomes a follower at once', () => {
  const cores = new Cores('n1 n2 n3', asInThePaper)
  cores.elect('n1')
  cores.receive('n1', 'n2', vote(2, false))
  expect(cores.core('n1').state).toMatchObject({ role: 'follower', hardState: { currentTerm: 2 } })
})

test('§5.1: a request of an earlier term is rejected', () => {
  const cores = new Cores('n1 n2 n3', asInThePaper)
  cores.receive('n3', 'n1', append(5, [0, 0], [entry(1, 5, 'x')]))
  cores.receive('n3', 'n2', append(4, [0, 0], [entry(1, 4, 'y')]))
  expect(cores.sent.at(-1)?.message).toMatchObject({ kind: 'appendEntriesReply', term: 5, success: false })
  cores.receive('n3', 'n2', requestVote(4, [9, 3]))
  expect(cores.sent.at(-1)?.message).toMatchObject({ kind: 'requestVoteReply', term: 5, voteGranted: false })
  expect(cores.core('n3').log).toEqual(['5:x'])
})

test('§5.1: a request that is not answered in time is sent again', () => {
  const cores = new Cores('n1 n2 n3')
  cores.elect('n1')
  cores.fateOf = ({ message }) => (message.kind === 'appendEntries' ? 'lost' : 'arrives')
  cores.propose('n1', 'x')
  cores.fateOf = () => 'arrives'
  cores.tick(12)
  for (const { log } of cores.all) expect(log).toEqual(['1:-', '1:x'])
})

test('§5.1: requests to all servers are under way at the same time', () => {
  const cores = new Cores('n1 n2 n3 n4 n5')
  cores.elect('n1')
  cores.fateOf = () => 'lost'
  const from = cores.sent.length
  cores.propose('n1', 'x')
  expect(cores.sentOf('appendEntries', from).map(({ to }) => to)).toEqual(['n2', 'n3', 'n4', 'n5'])
})

test('departs from §5.1: a lost request for a vote is not repeated; the candidate asks anew in its next election', () => {
  const cores = new Cores('n1 n2 n3', asInThePaper)
  cores.cut('n1', 'n2 n3')
  cores.campaign('n1')
  const { electionTimeoutTicks } = cores.core('n1').state
  cores.tick(electionTimeoutTicks - 1, 'n1')
  const asked = () => cores.sentOf('requestVote').map(({ message }) => message.term)
  expect(asked()).toEqual([1, 1])
  cores.tick(1, 'n1')
  expect(asked()).toEqual([1, 1, 2, 2])
})

test('departs from §5.1: while a leader is heard, a request for a vote raises no term (as §6 asks)', () => {
  const cores = new Cores('n1 n2 n3')
  cores.elect('n1')
  for (const name of ['n1', 'n2']) cores.receive(name, 'n3', requestVote(9, [1, 1]))
  expect(cores.all.map(({ state }) => state.hardState.currentTerm)).toEqual([1, 1, 1])
  expect(cores.leaders).toEqual(['n1'])
})

test('departs from §5.1: an answer of a later term from outside the configuration deposes nobody', () => {
  const cores = new Cores('n1 n2 n3', asInThePaper)
  cores.elect('n1')
  cores.receive('n1', 'stranger', vote(9, false))
  cores.receive('n1', 'stranger', accepted(9, 1))
  expect(cores.core('n1').state).toMatchObject({ role: 'leader', hardState: { currentTerm: 1 } })
})
