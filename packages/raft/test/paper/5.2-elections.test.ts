import { describe, expect, test } from 'vitest'
import { Cores } from '../cores.js'
import { append, asInThePaper, entry, heartbeat, requestVote, vote } from './messages.js'

describe('followers', () => {
  test('§5.2: servers start as followers', () => {
    const cores = new Cores('n1 n2 n3')
    expect(cores.all.map(({ state }) => state.role)).toEqual(['follower', 'follower', 'follower'])
    cores.elect('n1')
    cores.crash('n1')
    cores.restart('n1')
    expect(cores.core('n1').state).toMatchObject({ role: 'follower', leader: null })
  })

  test('§5.2: a server stays a follower for as long as it hears a leader', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    for (let times = 0; times < 50; times += 1) {
      cores.receive('n2', 'n1', times % 2 === 0 ? heartbeat(1) : append(1, [0, 0]))
      cores.tick(10, 'n2')
    }
    expect(cores.core('n2').state).toMatchObject({ role: 'follower', leader: 'n1' })
  })

  test('§5.2: or candidates that it votes for', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    for (let term = 1; term < 50; term += 1) {
      cores.receive('n2', 'n1', requestVote(term))
      cores.tick(10, 'n2')
      expect(cores.core('n2').state).toMatchObject({ role: 'follower', hardState: { currentTerm: term } })
    }
  })

  test('§5.2: a server that hears nothing for an election timeout takes it that there is no leader', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.cut('n2', 'n1 n3')
    cores.tick(10, 'n2')
    cores.receive('n2', 'n1', heartbeat(1))
    const { electionTimeoutTicks } = cores.core('n2').state
    cores.tick(electionTimeoutTicks - 1, 'n2')
    expect(cores.core('n2').state.role).toBe('follower')
    cores.tick(1, 'n2')
    expect(cores.core('n2').state.role).toBe('candidate')
  })
})

describe('leaders', () => {
  test('§5.2: a leader keeps its authority with heartbeats to all followers, at intervals', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const from = cores.sent.length
    cores.tick(3 * 5, 'n1')
    expect(cores.sentOf('heartbeat', from).map(({ to }) => to)).toEqual(['n2', 'n3', 'n2', 'n3', 'n2', 'n3'])
  })

  test('departs from §5.2: a heartbeat is a message of its own, and not an append without entries', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const from = cores.sent.length
    cores.tick(50, 'n1')
    expect(cores.sentOf('appendEntries', from)).toEqual([])
    expect(cores.sentOf('heartbeat', from)[0]?.message).toEqual({
      kind: 'heartbeat',
      term: 1,
      leaderCommit: 1,
      round: 0,
    })
  })

  test('departs from §5.2: a leader that no majority answers for an election timeout steps down', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.cut('n1', 'n2 n3')
    cores.tick(2 * 15, 'n1')
    expect(cores.core('n1').state).toMatchObject({ role: 'follower', leader: null, hardState: { currentTerm: 1 } })
  })
})

describe('candidates', () => {
  test('§5.2: to begin an election a follower raises its term by one and becomes a candidate', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.receive('n1', 'n2', heartbeat(4))
    cores.cut('n1', 'n2 n3')
    cores.campaign('n1')
    expect(cores.core('n1').state).toMatchObject({ role: 'candidate', hardState: { currentTerm: 5 } })
  })

  test('departs from §5.2: by default it asks first whether it could win, and raises its term only then', () => {
    const cores = new Cores('n1 n2 n3')
    cores.cut('n1', 'n2 n3')
    cores.tick(500, 'n1')
    expect(cores.core('n1').state).toMatchObject({ role: 'preCandidate', hardState: { currentTerm: 0 } })
    cores.heal()
    cores.tickUntil(() => cores.leaders.length === 1)
  })

  test('§5.2: it votes for itself, and asks all others at the same time', () => {
    const cores = new Cores('n1 n2 n3 n4 n5', asInThePaper)
    cores.cut('n1', 'n2 n3 n4 n5')
    cores.campaign('n1')
    expect(cores.core('n1').state.hardState.votedFor).toBe('n1')
    expect(cores.sentOf('requestVote').map(({ to }) => to)).toEqual(['n2', 'n3', 'n4', 'n5'])
  })

  test('departs from §5.2: its vote for itself counts, and the question leaves, when term and vote are durable', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    const n1 = cores.core('n1')
    n1.isDiskHeld = true
    cores.campaign('n1')
    expect(cores.sentOf('requestVote')).toEqual([])
    cores.receive('n1', 'n2', vote(1))
    expect(n1.state.role).toBe('candidate')
    cores.persist('n1')
    expect(n1.state.role).toBe('leader')
  })

  test('§5.2: it wins with the votes of a majority of the full cluster for the same term', () => {
    const cores = new Cores('n1 n2 n3 n4 n5', asInThePaper)
    cores.cut('n1', 'n2 n3 n4 n5')
    cores.campaign('n1')
    cores.campaign('n1')
    cores.receive('n1', 'n2', vote(2))
    cores.receive('n1', 'n2', vote(2))
    cores.receive('n1', 'n3', vote(1))
    expect(cores.core('n1').state.role).toBe('candidate')
    cores.receive('n1', 'n3', vote(2))
    expect(cores.core('n1').state.role).toBe('leader')
  })

  test('§5.2: the winner at once tells all others, so that no other election begins', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.elect('n1')
    expect(cores.all.map(({ state }) => state.leader)).toEqual(['n1', 'n1', 'n1'])
    expect(cores.core('n3').state.electionElapsedTicks).toBe(0)
  })

  test('departs from §5.2: what tells them is an append with an empty entry, and no heartbeat (§8)', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.elect('n1')
    expect(cores.sentOf('heartbeat')).toEqual([])
    expect(cores.sentOf('appendEntries')[0]?.message).toMatchObject({ entries: [{ index: 1, term: 1, kind: 'noop' }] })
  })

  test.each([
    ['its own term', 1],
    ['a later term', 2],
  ])('§5.2: a candidate that hears a leader of %s follows it', (_, at) => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.cut('n1', 'n2 n3')
    cores.campaign('n1')
    cores.receive('n1', 'n2', append(at, [0, 0]))
    expect(cores.core('n1').state).toMatchObject({ role: 'follower', leader: 'n2', hardState: { currentTerm: at } })
  })

  test('§5.2: a candidate rejects a leader of an earlier term, and stays a candidate', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.cut('n1', 'n2 n3')
    cores.campaign('n1')
    cores.campaign('n1')
    cores.receive('n1', 'n2', append(1, [0, 0]))
    expect(cores.core('n1').state).toMatchObject({ role: 'candidate', hardState: { currentTerm: 2 } })
    expect(cores.sent.at(-1)?.message).toMatchObject({ kind: 'appendEntriesReply', term: 2, success: false })
  })

  test('§5.2: of a split vote each candidate starts another election in the next term, after its timeout', () => {
    const cores = new Cores('n1 n2 n3 n4', asInThePaper)
    cores.cut('n1 n2', 'n3 n4')
    for (const name of ['n1', 'n3']) cores.campaign(name)
    for (const name of ['n1', 'n3']) {
      cores.tick(cores.core(name).state.electionTimeoutTicks, name)
      expect(cores.core(name).state).toMatchObject({ role: 'candidate', hardState: { currentTerm: 2, votedFor: name } })
    }
  })

  test('departs from §5.2: a candidate that a majority refused waits for its timeout as a follower', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.cut('n1', 'n2 n3')
    cores.campaign('n1')
    for (const from of ['n2', 'n3']) cores.receive('n1', from, vote(1, false))
    expect(cores.core('n1').state).toMatchObject({ role: 'follower', hardState: { currentTerm: 1, votedFor: 'n1' } })
  })
})

describe('votes', () => {
  test('§5.2: a server votes for one candidate in a term, the first that asks', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.receive('n3', 'n1', requestVote(1))
    cores.receive('n3', 'n2', requestVote(1))
    const answers = cores.sentOf('requestVoteReply').map(({ to, message }) => [to, message])
    expect(answers).toEqual([
      ['n1', vote(1)],
      ['n2', vote(1, false)],
    ])
  })

  test('§5.2: the same candidate may ask again, and gets the same answer', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.receive('n3', 'n1', requestVote(1))
    cores.receive('n3', 'n1', requestVote(1))
    expect(cores.sentOf('requestVoteReply').map(({ message }) => message)).toEqual([vote(1), vote(1)])
  })

  test('§5.2: a vote is remembered over a restart', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.receive('n3', 'n1', requestVote(1))
    cores.crash('n3')
    cores.restart('n3')
    cores.receive('n3', 'n2', requestVote(1))
    expect(cores.sentOf('requestVoteReply').at(-1)?.message).toEqual(vote(1, false))
  })

  test('§5.2: a vote leaves when it is durable', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.core('n3').isDiskHeld = true
    cores.receive('n3', 'n1', requestVote(1))
    expect(cores.sentOf('requestVoteReply')).toEqual([])
    cores.persist('n3')
    expect(cores.sentOf('requestVoteReply')).toHaveLength(1)
  })
})

describe('one leader a term', () => {
  test('§5.2: at most one candidate wins a term, so who leads it heeds nobody who claims the same', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.elect('n1')
    const before = cores.core('n1').raft.exportState()
    cores.receive('n1', 'n2', heartbeat(1, 9))
    cores.receive('n1', 'n2', append(1, [1, 1], [entry(2, 1, 'x')]))
    expect(cores.core('n1').raft.exportState()).toEqual(before)
  })
})

describe('timeouts', () => {
  test('§5.2: election timeouts are drawn at random from a fixed interval, 150 to 300 ms', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    const drawn = new Set<number>()
    cores.cut('n1', 'n2 n3')
    for (let times = 0; times < 300; times += 1) {
      cores.campaign('n1')
      drawn.add(cores.core('n1').state.electionTimeoutTicks)
    }
    expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([15, 30])
    expect(drawn.size).toBe(16)
  })

  test('§5.2: a candidate starts its timeout anew when an election begins, and waits for all of it', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    const { state } = cores.core('n1')
    cores.cut('n1', 'n2 n3')
    cores.tick(7, 'n1')
    cores.campaign('n1')
    expect(state.electionElapsedTicks).toBe(0)
    cores.tick(state.electionTimeoutTicks - 1, 'n1')
    expect(state.hardState.currentTerm).toBe(1)
    cores.tick(1, 'n1')
    expect(state.hardState.currentTerm).toBe(2)
  })

  test('§5.2: so split votes are rare and soon over', () => {
    const cores = new Cores('n1 n2 n3 n4 n5', asInThePaper)
    for (let times = 0; times < 30; times += 1) {
      const leader = cores.leaders.at(-1)
      if (leader) cores.crash(leader)
      cores.tickUntil(() => cores.leaders.length === 1, 10 * 30)
      if (leader) cores.restart(leader)
      cores.tick(5)
    }
    expect(cores.core('n1').state.hardState.currentTerm).toBeLessThan(30 * 3)
  })
})
