import { position } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { Cores } from '../cores.js'
import { accepted, append, asInThePaper, entry, heartbeat } from './messages.js'

describe('one command', () => {
  test('§5.3: the leader appends it to its log, and sends it to all others at the same time', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.fateOf = () => 'lost'
    const from = cores.sent.length
    cores.propose('n1', 'x')
    expect(cores.core('n1').log).toEqual(['1:-', '1:x'])
    expect(cores.sentOf('appendEntries', from).map(({ to }) => to)).toEqual(['n2', 'n3'])
  })

  test('departs from §5.3: it is on its way before the leader’s own disk has answered', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.core('n1').isDiskHeld = true
    cores.propose('n1', 'x')
    expect(cores.core('n2').log).toEqual(['1:-', '1:x'])
    expect(cores.core('n1').state.log.persistedIndex).toBe(1)
  })

  test('§5.3: the leader applies it and answers when it is replicated, and not before', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.cut('n1', 'n2 n3')
    const given = cores.propose('n1', 'x')
    expect(cores.core('n1').applied).toEqual(['-'])
    cores.heal()
    cores.tick(6)
    expect(cores.core('n1').applied).toEqual(['-', 'x'])
    expect(cores.core('n1').tokens).toEqual(given)
  })

  test('§5.3: the leader tries again without end, also after it has answered, until every follower has all', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.crash('n3')
    cores.propose('n1', 'x', 'y')
    expect(cores.core('n1').applied).toEqual(['-', 'x', 'y'])
    cores.tick(1_000)
    cores.restart('n3')
    cores.tick(12)
    expect(cores.core('n3').applied).toEqual(['-', 'x', 'y'])
  })

  test('§5.3: one slow follower delays nobody: a majority and a single round are enough', () => {
    const cores = new Cores('n1 n2 n3 n4 n5')
    cores.elect('n1')
    cores.fateOf = ({ to }) => (to === 'n4' || to === 'n5' ? 'lost' : 'arrives')
    const from = cores.sent.length
    cores.propose('n1', 'x')
    expect(cores.core('n1').applied).toContain('x')
    const asked = cores
      .sentOf('appendEntries', from)
      .filter(({ message }) => 'entries' in message && message.entries[0])
    expect(asked.map(({ to }) => to)).toEqual(['n2', 'n3', 'n4', 'n5'])
  })

  test('departs from §5.3: the next append leaves before the one before it is answered', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.fateOf = ({ message }) => (message.kind === 'appendEntriesReply' ? 'lost' : 'arrives')
    cores.propose('n1', 'x')
    cores.propose('n1', 'y')
    expect(cores.core('n2').log).toEqual(['1:-', '1:x', '1:y'])
  })
})

describe('entries', () => {
  test('§5.3: an entry holds a command and the term in which its leader received it; its index is its place', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.elect('n1')
    cores.elect('n2')
    cores.propose('n2', 'x')
    expect(cores.core('n3').log).toEqual(['1:-', '2:-', '2:x'])
    expect(cores.core('n3').state.log.entryAt(3).index).toBe(3)
  })

  test('§5.3: an entry is committed when the leader that made it has it on a majority', () => {
    const cores = new Cores('n1 n2 n3 n4 n5')
    cores.elect('n1')
    cores.cut('n1', 'n2 n3 n4 n5')
    cores.propose('n1', 'x')
    cores.receive('n1', 'n2', accepted(1, 2))
    expect(cores.core('n1').state.commitIndex).toBe(1)
    cores.receive('n1', 'n3', accepted(1, 2))
    expect(cores.core('n1').state.commitIndex).toBe(2)
  })

  test('§5.3: with it all entries before it are committed, also those of earlier leaders', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.elect('n1')
    cores.cut('n1', 'n2')
    cores.fateOf = ({ message }) => (message.kind === 'appendEntriesReply' ? 'lost' : 'arrives')
    cores.propose('n1', 'x')
    cores.crash('n1')
    cores.fateOf = () => 'arrives'
    cores.elect('n3')
    expect(cores.core('n3').applied).toEqual(['-', 'x', '-'])
    expect(cores.core('n2').applied).toEqual(['-', 'x', '-'])
  })

  test('§5.3: what is committed is durable, and in the end every machine that is there runs it', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.propose('n1', 'x')
    cores.crash('n1', 'n2', 'n3')
    cores.restart('n1', 'n2', 'n3')
    cores.tickUntil(() => cores.all.every(({ applied }) => applied.includes('x')))
  })

  test('§5.3: the leader tells the commit index with each append', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const from = cores.sent.length
    cores.propose('n1', 'x')
    const told = cores
      .sentOf('appendEntries', from)
      .flatMap(({ to, message }) => (to === 'n3' && 'leaderCommit' in message ? [message.leaderCommit] : []))
    expect(told).toEqual([1, 2])
  })

  test('§5.3: and with heartbeats', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.propose('n1', 'x')
    cores.tick(5, 'n1')
    expect(cores.sentOf('heartbeat').at(-1)?.message).toMatchObject({ leaderCommit: 2 })
  })

  test('departs from §5.3: a heartbeat, which checks no log, tells at most what the follower is known to have', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.cut('n1', 'n3')
    cores.propose('n1', 'x')
    cores.tick(5, 'n1')
    const told = cores.sentOf('heartbeat').filter(({ to }) => to === 'n3')
    expect(told.at(-1)?.message).toMatchObject({ leaderCommit: 1 })
  })

  test('§5.3: a follower applies what it learns to be committed, in the order of the log', () => {
    const cores = new Cores('n1 n2 n3')
    cores.receive('n3', 'n1', append(1, [0, 0], [entry(1, 1, 'a'), entry(2, 1, 'b'), entry(3, 1, 'c')], 0))
    expect(cores.core('n3').applied).toEqual([])
    cores.receive('n3', 'n1', append(1, [3, 1], [], 2))
    expect(cores.core('n3').applied).toEqual(['a', 'b'])
    cores.receive('n3', 'n1', heartbeat(1, 3))
    expect(cores.core('n3').applied).toEqual(['a', 'b', 'c'])
  })

  test('§5.3: a follower commits up to the last entry of the message, however far the leader is (Figure 2)', () => {
    const cores = new Cores('n1 n2 n3')
    cores.receive('n3', 'n1', append(1, [0, 0], [entry(1, 1, 'a'), entry(2, 1, 'stale')]))
    cores.receive('n3', 'n2', append(2, [1, 1], [], 9))
    expect(cores.core('n3').applied).toEqual(['a'])
  })
})

describe('answers', () => {
  test('§5.3: only those of followers count: a stranger’s acknowledgement makes no majority', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.elect('n1')
    cores.cut('n1', 'n2 n3')
    cores.propose('n1', 'x')
    cores.receive('n1', 'n9', accepted(1, 2))
    expect(cores.core('n1').state.commitIndex).toBe(1)
    cores.receive('n1', 'n2', accepted(1, 2))
    expect(cores.core('n1').state.commitIndex).toBe(2)
  })

  test('§5.3: what the machine has applied is counted once, however often it says so', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.elect('n1')
    cores.propose('n1', 'x')
    const { state } = cores.core('n1')
    for (const at of [2, 1]) cores.core('n1').step({ kind: 'applied', position: position(at) })
    expect([state.lastApplied, state.unappliedBytes]).toEqual([2, 0])
  })
})

describe('followers as their leader sees them', () => {
  test('§5.3: the leader alone knows how far each of them is', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.elect('n1')
    cores.cut('n3', 'n1 n2')
    cores.propose('n1', 'x', 'y')
    expect(cores.core('n1').raft.progress()).toMatchObject([
      { id: 'n2', behind: 0 },
      { id: 'n3', behind: 2 },
    ])
    expect(cores.core('n2').raft.progress()).toEqual([])
  })
})

describe('logs that match', () => {
  test('§5.3: entries of one index and term hold the same command, and so do all entries before them', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    const commands = new Map<string, string>()
    for (const [at, name] of ['n1', 'n2', 'n3', 'n2', 'n1'].entries()) {
      cores.heal()
      cores.tick(6)
      cores.elect(name)
      cores.cut('n1', 'n2')
      cores.propose(name, `x${at}`, `y${at}`)
      for (const { log } of cores.all) {
        for (const [index, each] of log.entries()) {
          const upTo = log.slice(0, index + 1).join(' ')
          const id = `${index}@${each.split(':')[0]}`
          expect(commands.get(id) ?? upTo).toBe(upTo)
          commands.set(id, upTo)
        }
      }
    }
    expect(commands.size).toBeGreaterThan(10)
  })

  test('§5.3: an append names the entry before its own by index and term', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.elect('n1')
    cores.elect('n2')
    cores.propose('n2', 'x')
    cores.propose('n2', 'y')
    const last = cores.sentOf('appendEntries').filter(({ message }) => 'entries' in message && message.entries[0])
    expect(last.at(-1)?.message).toMatchObject({ prevLogIndex: 3, prevLogTerm: 2, entries: [{ index: 4 }] })
  })

  test.each([
    ['no entry at that index', [3, 1] as const],
    ['an entry of another term there', [2, 2] as const],
  ])('§5.3: a follower with %s refuses the append', (_, prev) => {
    const cores = new Cores('n1 n2 n3')
    cores.receive('n3', 'n1', append(1, [0, 0], [entry(1, 1, 'a'), entry(2, 1, 'b')]))
    cores.receive('n3', 'n2', append(3, prev, [entry(prev[0] + 1, 3, 'x')]))
    expect(cores.core('n3').log).toEqual(['1:a', '1:b'])
    expect(cores.sent.at(-1)?.message).toMatchObject({ kind: 'appendEntriesReply', success: false })
  })

  test('§5.3: an empty log matches: the first append needs no entry before it', () => {
    const cores = new Cores('n1 n2 n3')
    cores.receive('n3', 'n1', append(1, [0, 0], [entry(1, 1, 'a')]))
    expect(cores.sent.at(-1)?.message).toEqual(accepted(1, 1))
  })

  test('§5.3: an append that succeeds tells the leader that the logs agree up to its last entry', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.propose('n1', 'x')
    const { state } = cores.core('n1')
    expect([...state.progress.values()].map(({ matchIndex }) => matchIndex)).toEqual([2, 2])
  })
})

describe('logs that differ', () => {
  const leader = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]
  const followers: [string, number[]][] = [
    ['(a) lacks one entry', [1, 1, 1, 4, 4, 5, 5, 6, 6]],
    ['(b) lacks many entries', [1, 1, 1, 4]],
    ['(c) has one entry more', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]],
    ['(d) has entries of a later term more', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]],
    ['(e) lacks entries and has others', [1, 1, 1, 4, 4, 4, 4]],
    ['(f) has entries of terms that the leader never saw', [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]],
  ]

  /** Fills a log as a leader of each term would have. */
  function fill(cores: Cores, name: string, terms: readonly number[]): void {
    for (const [at, each] of terms.entries()) {
      const prev = [at, terms[at - 1] ?? 0] as const
      cores.receive(name, 'n9', append(each, prev, [entry(at + 1, each, `${at + 1}@${each}`)]))
    }
  }

  test.each(followers)('§5.3: a follower that %s is brought to the leader’s log (Figure 7)', (_, terms) => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    for (const name of ['n1', 'n3']) fill(cores, name, leader)
    fill(cores, 'n2', terms)
    for (const name of ['n1', 'n3']) cores.receive(name, 'n9', heartbeat(7))
    cores.elect('n1')
    cores.tick(12)
    expect(cores.core('n1').log).toEqual([...leader.map((each, at) => `${each}:${at + 1}@${each}`), '8:-'])
    expect(cores.core('n2').log).toEqual(cores.core('n1').log)
    expect(cores.core('n2').applied).toEqual(cores.core('n1').applied)
  })

  test('§5.3: entries that conflict with the leader’s are overwritten', () => {
    const cores = new Cores('n1 n2 n3')
    cores.receive('n3', 'n1', append(1, [0, 0], [entry(1, 1, 'a'), entry(2, 1, 'b'), entry(3, 1, 'c')]))
    cores.receive('n3', 'n2', append(2, [1, 1], [entry(2, 2, 'x')]))
    expect(cores.core('n3').log).toEqual(['1:a', '2:x'])
  })

  test('§5.3: only a conflict removes anything; what the message does not speak of stays (Figure 2)', () => {
    const cores = new Cores('n1 n2 n3')
    cores.receive('n3', 'n1', append(1, [0, 0], [entry(1, 1, 'a'), entry(2, 1, 'b'), entry(3, 1, 'c')]))
    cores.receive('n3', 'n1', append(1, [0, 0], [entry(1, 1, 'a')]))
    expect(cores.core('n3').log).toEqual(['1:a', '1:b', '1:c'])
  })

  test('§5.3: a new leader guesses that every follower has all that it has itself', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    fill(cores, 'n1', [1, 1, 1])
    cores.cut('n1', 'n2')
    cores.elect('n1')
    const [first] = cores.sentOf('appendEntries')
    expect(first).toMatchObject({ to: 'n2', message: { prevLogIndex: 3, prevLogTerm: 1 } })
  })

  test('§5.3: after a refusal it goes back and tries again, until the logs match', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    fill(cores, 'n1', [1, 2, 2, 2])
    fill(cores, 'n2', [1])
    cores.elect('n1')
    const tries = cores.sentOf('appendEntries').filter(({ to }) => to === 'n2')
    expect(tries.map(({ message }) => ('prevLogIndex' in message ? message.prevLogIndex : null))).toEqual([4, 1, 5])
    expect(cores.core('n2').log).toEqual(cores.core('n1').log)
  })

  test('§5.3: a refusal says enough to go back over a whole term at once', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    fill(cores, 'n1', [1, ...Array.from({ length: 100 }, () => 3)])
    fill(cores, 'n2', [1, ...Array.from({ length: 100 }, () => 2)])
    cores.elect('n1')
    const refused = cores
      .sentOf('appendEntriesReply')
      .filter(({ from, message }) => from === 'n2' && !('matchIndex' in message))
    expect(refused).toHaveLength(1)
    expect(cores.core('n2').log).toEqual(cores.core('n1').log)
  })

  test('departs from §5.3: it names the last entry that may agree, and not the first of the conflicting term', () => {
    const cores = new Cores('n1 n2 n3')
    fill(cores, 'n3', [1, 1, 4, 4, 4])
    cores.receive('n3', 'n2', append(5, [5, 3]))
    expect(cores.sent.at(-1)?.message).toMatchObject({ success: false, prevLogIndex: 5, hintIndex: 2, hintTerm: 1 })
  })

  test('§5.3: a leader never overwrites or removes entries of its own log', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    fill(cores, 'n1', [1, 2, 3])
    fill(cores, 'n2', [1])
    cores.elect('n1')
    const before = [...cores.core('n1').log]
    cores.receive('n1', 'n2', append(4, [1, 1], [entry(2, 4, 'x')]))
    cores.receive('n1', 'n2', append(3, [0, 0], [entry(1, 3, 'y')]))
    cores.propose('n1', 'z')
    expect(cores.core('n1').log).toEqual([...before, '4:z'])
  })
})

describe('followers that crash (§5.5)', () => {
  test('§5.5: an append that was answered before the crash may come again, and changes nothing', () => {
    const cores = new Cores('n1 n2 n3')
    const message = append(1, [0, 0], [entry(1, 1, 'a'), entry(2, 1, 'b')])
    cores.receive('n3', 'n1', message)
    cores.crash('n3')
    cores.restart('n3')
    const records = cores.core('n3').records.length
    cores.receive('n3', 'n1', message)
    expect(cores.core('n3').log).toEqual(['1:a', '1:b'])
    expect(cores.core('n3').records).toHaveLength(records)
    expect(cores.sent.at(-1)?.message).toEqual(accepted(1, 2))
  })

  test('§5.5: a candidate that crashes costs one election timeout', () => {
    const cores = new Cores('n1 n2 n3', asInThePaper)
    cores.cut('n1', 'n2 n3')
    cores.campaign('n1')
    cores.crash('n1')
    cores.tickUntil(() => cores.leaders.length === 1, 2 * 30)
  })
})
