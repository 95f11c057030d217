import { describe, expect, test } from 'vitest'
import { logIndex, term } from '../src/index.js'
import { Cores } from './cores.js'

const without = { preVote: false, checkQuorum: false }

describe('who may lead', () => {
  test('F-33: half of four members elect nobody, and commit nothing', () => {
    const cores = new Cores('n1 n2 n3 n4')
    cores.cut('n1 n2', 'n3 n4')
    cores.tick(300)
    expect(cores.leaders).toEqual([])
    cores.heal()
    cores.tickUntil(() => cores.leaders.length === 1)
  })

  test('F-33: of two members neither leads alone', () => {
    const cores = new Cores('n1 n2')
    cores.elect('n1')
    cores.cut('n1', 'n2')
    const [lost] = cores.propose('n1', 'x')
    cores.tick(100)
    expect(cores.leaders).toEqual([])
    expect(cores.core('n1').applied).toEqual(['-'])
    cores.heal()
    cores.tickUntil(() => cores.core('n2').applied.includes('x'))
    expect(cores.core('n1').tokens).toContain(lost)
  })

  test('F-33: a single member leads and commits only after its own disk has answered', () => {
    const cores = new Cores('n1')
    const n1 = cores.core('n1')
    n1.isDiskHeld = true
    cores.campaign('n1')
    expect(n1.state.role).toBe('candidate')
    cores.persist('n1')
    expect(n1.state.role).toBe('leader')
    cores.propose('n1', 'x')
    expect(n1.state.commitIndex).toBe(0)
    cores.persist('n1')
    expect(n1.state.commitIndex).toBe(2)
    expect(n1.applied).toEqual(['-', 'x'])
  })

  test('F-16: votes of an earlier term, of one voter twice, or of nobody we know elect nobody', () => {
    const cores = new Cores('n1 n2 n3 n4 n5', without)
    cores.cut('n1', 'n2 n3 n4 n5')
    cores.campaign('n1')
    cores.campaign('n1')
    const vote = (from: string, at: number) =>
      cores.receive('n1', from, { kind: 'requestVoteReply', term: term(at), voteGranted: true })
    expect(cores.core('n1').state.hardState.currentTerm).toBe(2)
    vote('n2', 1)
    vote('n3', 1)
    vote('n4', 2)
    vote('n4', 2)
    vote('stranger', 2)
    expect(cores.core('n1').state.role).toBe('candidate')
    vote('n5', 2)
    expect(cores.core('n1').state.role).toBe('leader')
  })

  test('F-16: a vote that comes after a majority refused elects nobody', () => {
    const cores = new Cores('n1 n2 n3', without)
    cores.cut('n1', 'n2 n3')
    cores.campaign('n1')
    const reply = (from: string, voteGranted: boolean) =>
      cores.receive('n1', from, { kind: 'requestVoteReply', term: term(1), voteGranted })
    reply('n2', false)
    reply('n3', false)
    expect(cores.core('n1').state.role).toBe('follower')
    reply('n2', true)
    expect(cores.core('n1').state.role).toBe('follower')
  })

  test('a candidate whose log is shorter, or ends in an earlier term, is not elected (§5.4.1)', () => {
    const cores = new Cores('n1 n2 n3', without)
    cores.elect('n1')
    cores.cut('n3', 'n1 n2')
    cores.propose('n1', 'x')
    cores.heal()
    cores.campaign('n3')
    expect(cores.leaders).toEqual([])
    // A longer log of an earlier term is no better.
    cores.receive('n3', 'n2', {
      kind: 'requestVote',
      term: term(9),
      lastLogIndex: logIndex(50),
      lastLogTerm: term(0),
    })
    expect(cores.core('n3').state.hardState).toEqual({ currentTerm: 9, votedFor: null })
  })

  test('nor is it promised a vote', () => {
    const cores = new Cores('n1 n2 n3', { checkQuorum: false })
    cores.elect('n1')
    cores.cut('n3', 'n1 n2')
    cores.propose('n1', 'x')
    cores.heal()
    cores.campaign('n3')
    expect(cores.core('n3').state).toMatchObject({ role: 'preCandidate', hardState: { currentTerm: 1 } })
  })

  test('the own vote counts when it is durable, not when it is cast', () => {
    const cores = new Cores('n1 n2 n3', without)
    const n1 = cores.core('n1')
    n1.isDiskHeld = true
    cores.campaign('n1')
    cores.receive('n1', 'n2', { kind: 'requestVoteReply', term: term(1), voteGranted: true })
    expect(n1.state.role).toBe('candidate')
    cores.persist('n1')
    expect(n1.state.role).toBe('leader')
  })
})

describe('F-35: strangers', () => {
  test('a stranger deposes no leader that is heard, whatever it asks or answers', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const late = term(99)
    for (const name of ['n1', 'n2', 'n3']) {
      const log = { lastLogIndex: logIndex(99), lastLogTerm: late }
      cores.receive(name, 'stranger', { kind: 'requestVote', term: late, ...log })
      cores.receive(name, 'stranger', { kind: 'requestPreVote', term: late, ...log })
      cores.receive(name, 'stranger', { kind: 'requestVoteReply', term: late, voteGranted: false })
      cores.receive(name, 'stranger', { kind: 'requestPreVoteReply', term: late, voteGranted: false })
      cores.receive(name, 'stranger', { kind: 'heartbeatReply', term: late, round: 1 })
      cores.receive(name, 'stranger', {
        kind: 'appendEntriesReply',
        term: late,
        success: true,
        matchIndex: logIndex(99),
      })
    }
    expect(cores.leaders).toEqual(['n1'])
    expect(cores.all.map(({ state }) => state.hardState.currentTerm)).toEqual([1, 1, 1])
  })

  test('the only voter is not deposed by a stranger that asks for its vote', () => {
    const cores = new Cores('n1 n2?')
    cores.elect('n1')
    const log = { lastLogIndex: logIndex(99), lastLogTerm: term(98) }
    cores.receive('n1', 'stranger', { kind: 'requestVote', term: term(99), ...log })
    expect(cores.leaders).toEqual(['n1'])
  })

  test('D17: a candidate and a leader that I do not know yet are answered when nobody else is heard', () => {
    const cores = new Cores('n1 n2 n3')
    const log = { lastLogIndex: logIndex(9), lastLogTerm: term(9) }
    cores.receive('n1', 'n9', { kind: 'requestVote', term: term(10), ...log })
    expect(cores.core('n1').state.hardState).toEqual({ currentTerm: 10, votedFor: 'n9' })
    const prev = { prevLogIndex: logIndex(0), prevLogTerm: term(0), leaderCommit: logIndex(0), entries: [] }
    cores.receive('n1', 'n9', { kind: 'appendEntries', term: term(10), ...prev })
    expect(cores.core('n1').state.leader).toBe('n9')
    expect(cores.sent.filter(({ to }) => to === 'n9').map(({ message }) => message.kind)).toEqual([
      'requestVoteReply',
      'appendEntriesReply',
    ])
  })

  test('messages from oneself change nothing', () => {
    const cores = new Cores('n1 n2 n3', without)
    cores.receive('n1', 'n1', {
      kind: 'requestVote',
      term: term(5),
      lastLogIndex: logIndex(9),
      lastLogTerm: term(4),
    })
    expect(cores.core('n1').state.hardState).toEqual({ currentTerm: 0, votedFor: null })
  })
})

describe('pre-vote, check-quorum and stickiness do not stand in each other’s way', () => {
  test('F-2: a member that was cut off for fifty time-outs comes back without an election', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.cut('n3', 'n1 n2')
    cores.tick(50 * 30)
    cores.heal()
    cores.tick(50)
    expect(cores.leaders).toEqual(['n1'])
    expect(cores.core('n3').state).toMatchObject({ role: 'follower', leader: 'n1', hardState: { currentTerm: 1 } })
  })

  test('F-2: without pre-vote it costs one election, and no more', () => {
    const cores = new Cores('n1 n2 n3', without)
    cores.elect('n1')
    cores.cut('n3', 'n1 n2')
    cores.tick(50 * 30)
    cores.heal()
    cores.tick(10)
    cores.tickUntil(() => cores.leaders.length === 1)
    const { currentTerm } = cores.core('n3').state.hardState
    cores.tick(200)
    expect(cores.core('n3').state.hardState.currentTerm).toBe(currentTerm)
  })

  test('F-3a: two followers that both just heard the dead leader elect one of them within two time-outs', () => {
    for (let lives = 1; lives < 10; lives += 1) {
      const cores = new Cores('n1 n2 n3')
      for (let life = 1; life < lives; life += 1) {
        cores.crash('n2', 'n3')
        cores.restart('n2', 'n3')
      }
      cores.elect('n1')
      cores.tick(5)
      cores.crash('n1')
      for (const name of ['n2', 'n3']) {
        cores.core(name).step({ kind: 'admin', token: cores.nextToken(), command: { kind: 'campaign' } })
      }
      cores.settle()
      cores.tickUntil(() => cores.leaders.length === 1, 4 * 30)
    }
  })

  test('F-3b: a member of a later term with a shorter log does not keep the others from electing', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.cut('n3', 'n1 n2')
    cores.propose('n1', 'x')
    cores.receive('n3', 'n2', {
      kind: 'requestVoteReply',
      term: term(9),
      voteGranted: false,
    })
    expect(cores.core('n3').state.hardState.currentTerm).toBe(9)
    cores.crash('n1')
    cores.heal()
    cores.tickUntil(() => cores.leaders.includes('n2'))
    expect(cores.core('n2').state.hardState.currentTerm).toBeGreaterThan(9)
    cores.restart('n1')
    cores.tickUntil(() => cores.core('n1').applied.includes('x'))
  })

  test('F-3b: and is taken back by a leader of an earlier term at the price of one election', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.cut('n3', 'n1 n2')
    cores.receive('n3', 'n2', { kind: 'requestVoteReply', term: term(9), voteGranted: false })
    cores.heal()
    cores.tickUntil(() => cores.leaders.length === 1 && cores.core('n3').state.leader === cores.leaders[0])
    expect(cores.core('n3').state.hardState.currentTerm).toBe(10)
  })

  test('F-3c: an old leader that reaches only the bridge makes way for a majority around the bridge', () => {
    const cores = new Cores('old bridge a b gone')
    cores.elect('old')
    cores.crash('gone')
    cores.cut('old', 'a b')
    cores.tickUntil(() => cores.leaders.some((leader) => leader !== 'old'))
    cores.tick(60)
    expect(cores.leaders).toHaveLength(1)
    const before = cores.core('bridge').state.hardState.currentTerm
    cores.tick(300)
    expect(cores.core('bridge').state.hardState.currentTerm).toBe(before)
  })

  test('F-4: when all reach only one member and the leader no majority, that one is elected', () => {
    const cores = new Cores('hub n2 n3 n4 n5')
    cores.elect('n3')
    for (const one of ['n2', 'n3', 'n4', 'n5']) for (const other of ['n2', 'n3', 'n4', 'n5']) cores.cut(one, other)
    cores.tickUntil(() => cores.leaders.includes('hub'))
    cores.propose('hub', 'x')
    cores.tick(20)
    expect(cores.all.every(({ applied }) => applied.includes('x'))).toBe(true)
  })

  test('F-4: in a chain the far end neither raises the term nor stops the leader', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.cut('n1', 'n3')
    cores.tick(500)
    expect(cores.leaders).toEqual(['n1'])
    expect(cores.all.map(({ state }) => state.hardState.currentTerm)).toEqual([1, 1, 1])
    cores.propose('n1', 'x')
    expect(cores.core('n2').applied).toContain('x')
  })

  test('F-5: a leader that sends and hears nobody steps down within two time-outs', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.cut('n2 n3', 'n1', true)
    cores.tickUntil(() => !cores.leaders.includes('n1'), 31)
    cores.tickUntil(() => cores.leaders.length === 1)
  })

  test('F-5: a leader that hears and cannot send is replaced, and follows', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.cut('n1', 'n2 n3', true)
    cores.tickUntil(() => cores.leaders.length === 1 && cores.leaders[0] !== 'n1')
    expect(cores.core('n1').state).toMatchObject({ role: 'follower', leader: cores.leaders[0] })
  })

  test('right after a restart nobody is heard, so a campaign is answered at once', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.crash('n1', 'n2', 'n3')
    cores.restart('n2', 'n3')
    cores.elect('n2')
  })

  test('F-40: a learner grants its vote to who needs it, when its leader has fallen silent', () => {
    const cores = new Cores('n1 n2 n3 n4?')
    cores.elect('n1')
    cores.crash('n1')
    cores.tick(100, 'n4')
    expect(cores.core('n4').state).toMatchObject({ role: 'follower', leader: null })
    cores.core('n4').state.electionElapsedTicks = 0
    const log = { lastLogIndex: logIndex(9), lastLogTerm: term(1) }
    cores.receive('n4', 'n2', { kind: 'requestVote', term: term(2), ...log })
    expect(cores.core('n4').state.hardState.votedFor).toBe('n2')
  })

  test('a learner starts no election', () => {
    const cores = new Cores('n1 n2?')
    cores.tick(500, 'n2')
    expect(cores.core('n2').state.role).toBe('follower')
    cores.core('n2').step({ kind: 'admin', token: cores.nextToken(), command: { kind: 'campaign' } })
    cores.settle()
    expect([...cores.core('n2').settled.values()]).toMatchObject([{ kind: 'refused', reason: 'invalid' }])
  })

  test('a refusal that comes late does not take back what was granted since', () => {
    const cores = new Cores('n1 n2 n3 n4 n5')
    cores.cut('n1', 'n2 n3 n4 n5')
    cores.campaign('n1')
    const reply = (from: string, voteGranted: boolean) =>
      cores.receive('n1', from, { kind: 'requestPreVoteReply', term: term(voteGranted ? 1 : 0), voteGranted })
    reply('n2', true)
    reply('n2', false)
    reply('n3', true)
    expect(cores.core('n1').state.role).toBe('candidate')
  })

  test('who votes for another gives up its own question', () => {
    const cores = new Cores('n1 n2 n3 n4 n5')
    cores.cut('n1', 'n2 n3 n4 n5')
    const log = { lastLogIndex: logIndex(0), lastLogTerm: term(0) }
    cores.receive('n1', 'n3', { kind: 'requestVote', term: term(1), lastLogIndex: logIndex(0), lastLogTerm: term(0) })
    cores.receive('n1', 'n3', { kind: 'requestVoteReply', term: term(2), voteGranted: false })
    cores.campaign('n1')
    cores.receive('n1', 'n2', { kind: 'requestVote', term: term(2), ...log })
    expect(cores.core('n1').state.hardState).toEqual({ currentTerm: 2, votedFor: 'n2' })
    expect(cores.core('n1').state.role).toBe('follower')
  })

  test('what comes from an earlier term makes nobody wait longer', () => {
    const cores = new Cores('n1 n2 n3', without)
    cores.elect('n1')
    cores.elect('n2')
    const n3 = cores.core('n3')
    cores.tick(7, 'n3')
    const prev = { prevLogIndex: logIndex(0), prevLogTerm: term(0), leaderCommit: logIndex(0), entries: [] }
    cores.receive('n3', 'n1', { kind: 'appendEntries', term: term(1), ...prev })
    cores.receive('n3', 'n1', { kind: 'heartbeat', term: term(1), leaderCommit: logIndex(0), round: 0 })
    const log = { lastLogIndex: logIndex(9), lastLogTerm: term(0) }
    cores.receive('n3', 'n1', { kind: 'requestVote', term: term(1), ...log })
    expect(n3.state).toMatchObject({ electionElapsedTicks: 7, leader: 'n2' })
  })

  test('a later term that gets no vote does not make others wait longer (Figure 2, rules for followers)', () => {
    const cores = new Cores('n1 n2 n3', without)
    cores.cut('n1', 'n2 n3')
    cores.tick(10, 'n1')
    cores.elect('n2')
    cores.receive('n1', 'n2', { kind: 'requestVote', term: term(5), lastLogIndex: logIndex(0), lastLogTerm: term(0) })
    expect(cores.core('n1').state.electionElapsedTicks).toBe(0)
    const long = { kind: 'requestVote', term: term(7), lastLogIndex: logIndex(0), lastLogTerm: term(0) } as const
    cores.tick(5, 'n2')
    cores.receive('n3', 'n2', { ...long, term: term(6) })
    cores.tick(5, 'n3')
    cores.receive('n3', 'n1', long)
    expect(cores.core('n3').state.hardState).toEqual({ currentTerm: 7, votedFor: null })
    expect(cores.core('n3').state.electionElapsedTicks).toBe(5)
  })
})
