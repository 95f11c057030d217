import { describe, expect, test } from 'vitest'
import { Cores } from '../cores.js'
import { accepted, append, asInThePaper, entry, heartbeat, requestVote } from './messages.js'

describe('who may be elected', () => {
  test.each([
    ['of an earlier term, however long', [9, 1], false],
    ['of the same term and shorter', [1, 2], false],
    ['of the same term and as long', [2, 2], true],
    ['of the same term and longer', [3, 2], true],
    ['of a later term, however short', [1, 3], true],
  ] as const)('§5.4.1: a candidate whose log ends in an entry %s: voted for is %o', (_, last, voteGranted) => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.receive('n3', 'n1', append(2, [0, 0], [entry(1, 1, 'a'), entry(2, 2, 'b')]))
    cores.receive('n3', 'n2', requestVote(4, last))
    expect(cores.sent.at(-1)?.message).toMatchObject({ kind: 'requestVoteReply', voteGranted })
  })

  test('§5.4.1: a request for a vote says how the candidate’s log ends', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.receive('n1', 'n2', append(2, [0, 0], [entry(1, 1, 'a'), entry(2, 2, 'b')]))
    cores.campaign('n1')
    expect(cores.sentOf('requestVote')[0]?.message).toEqual(requestVote(3, [2, 2]))
  })

  test('§5.4.1: a candidate without all committed entries cannot win', () => {
    const cores = new Cores('n1 n2 n3 n4 n5', asInThePaper)
    cores.elect('n1')
    cores.cut('n4 n5', 'n1 n2 n3')
    cores.propose('n1', 'x')
    cores.heal()
    cores.crash('n1')
    for (let times = 0; times < 10; times += 1) cores.campaign(times % 2 === 0 ? 'n4' : 'n5')
    expect(cores.leaders).toEqual([])
    cores.tickUntil(() => cores.leaders.length === 1)
    expect(['n2', 'n3']).toContain(cores.leaders[0])
  })

  test('§5.4.1: a leader has what is committed from the moment of its election: entries flow from leaders only', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.propose('n1', 'x')
    cores.tick(50)
    const senders = new Set(cores.sentOf('appendEntries').map(({ from }) => from))
    expect([...senders]).toEqual(['n1'])
  })
})

describe('entries of earlier terms', () => {
  /**
   * Figure 8 up to (c): n1 of term 2 brought an entry to n2 alone; n5 has another of term 3; n1 leads again in term 4,
   * and n3 has answered for the entry of term 2, so that a majority holds it.
   */
  function figure8() {
    const cores = new Cores('n1 n2 n3 n4 n5', asInThePaper)
    for (const name of ['n1', 'n2']) cores.receive(name, 'n9', append(2, [0, 0], [entry(1, 2, 'two')]))
    cores.receive('n5', 'n9', append(3, [0, 0], [entry(1, 3, 'three')]))
    for (const name of ['n1', 'n2', 'n3']) cores.receive(name, 'n9', heartbeat(3))
    cores.fateOf = ({ message }) => (message.kind === 'appendEntries' ? 'lost' : 'arrives')
    cores.elect('n1')
    expect(cores.core('n1').log).toEqual(['2:two', '4:-'])
    cores.receive('n3', 'n1', append(4, [0, 0], [entry(1, 2, 'two')]))
    for (const from of ['n2', 'n3']) cores.receive('n1', from, accepted(4, 1))
    return cores
  }

  test('§5.4.2: an entry of an earlier term is not committed because a majority stores it (Figure 8c)', () => {
    const cores = figure8()
    expect(['n1', 'n2', 'n3'].map((name) => cores.core(name).log[0])).toEqual(['2:two', '2:two', '2:two'])
    expect(cores.core('n1').state.commitIndex).toBe(0)
  })

  test('§5.4.2: for it may still be overwritten by a leader with a later entry (Figure 8d)', () => {
    const cores = figure8()
    cores.crash('n1')
    cores.fateOf = () => 'arrives'
    cores.campaign('n5')
    cores.elect('n5')
    cores.tick(12)
    for (const name of ['n2', 'n3', 'n4', 'n5']) expect(cores.core(name).log[0]).toBe('3:three')
  })

  test('§5.4.2: an entry of the leader’s own term is committed by counting, and all before it with it (Figure 8e)', () => {
    const cores = figure8()
    for (const from of ['n2', 'n3']) cores.receive('n1', from, accepted(4, 2))
    expect(cores.core('n1').state.commitIndex).toBe(2)
    expect(cores.core('n1').applied).toEqual(['two', '-'])
  })

  test('§5.4.2: and then a leader without it cannot win (Figure 8e)', () => {
    const cores = figure8()
    for (const name of ['n2', 'n3']) cores.receive(name, 'n1', append(4, [1, 2], [entry(2, 4, '')]))
    cores.crash('n1')
    cores.fateOf = () => 'arrives'
    for (let times = 0; times < 3; times += 1) cores.campaign('n5')
    expect(cores.leaders).toEqual([])
  })

  test('§5.4.2: an entry keeps its term when a later leader replicates it', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.receive('n1', 'n9', append(2, [0, 0], [entry(1, 1, 'one'), entry(2, 2, 'two')]))
    cores.elect('n1')
    for (const { log } of cores.all) expect(log).toEqual(['1:one', '2:two', '3:-'])
  })
})

describe('what never breaks (Figure 3)', () => {
  /** Leaders come and go, each behind a cut of its own; after each, what was committed is remembered. */
  function story(look: (cores: Cores) => void): void {
    const cores = new Cores('n1 n2 n3 n4 n5', asInThePaper)
    const names = cores.all.map(({ id }) => id)
    for (let turn = 0; turn < 40; turn += 1) {
      const away = names[(turn * 3) % 5] ?? ''
      const other = names[(turn * 2 + 1) % 5] ?? ''
      if (away !== other) cores.cut(away, names.filter((name) => name !== away && name !== other).join(' '))
      cores.tickUntil(() => cores.leaders.length > 0)
      for (const leader of cores.leaders) cores.propose(leader, `${turn} ${leader}`)
      cores.tick(20)
      look(cores)
      cores.heal()
      if (turn % 4 === 3) {
        cores.crash(away, other)
        cores.restart(away, other)
      }
    }
    expect(cores.core('n1').applied.length).toBeGreaterThan(10)
  }

  test('§5.4.3: a committed entry is in the log of every later leader', () => {
    let committed: string[] = []
    story((cores) => {
      const latest = Math.max(...cores.all.map(({ state }) => state.hardState.currentTerm))
      for (const { log, state } of cores.all) {
        if (state.role === 'leader' && state.hardState.currentTerm === latest) {
          expect(log.slice(0, committed.length)).toEqual(committed)
        }
      }
      for (const { log, state } of cores.all) {
        if (state.commitIndex > committed.length) committed = log.slice(0, state.commitIndex)
      }
    })
  })

  test('§5.4.3: no two servers apply different commands for one index', () => {
    const applied: string[] = []
    story((cores) => {
      for (const core of cores.all) {
        for (const [at, command] of core.applied.entries()) expect((applied[at] ??= command)).toBe(command)
      }
    })
  })
})
