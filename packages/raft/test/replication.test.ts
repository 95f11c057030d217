import { describe, expect, test } from 'vitest'
import { logIndex, term, type AppendEntries, type Entry } from '../src/index.js'
import { Cores } from './cores.js'

const without = { preVote: false, checkQuorum: false }
const encoder = new TextEncoder()

function entry(index: number, at: number, text: string): Entry {
  return { index: logIndex(index), term: term(at), kind: 'command', data: encoder.encode(text) }
}

function append(at: number, prev: [index: number, term: number], entries: Entry[], commit = 0): AppendEntries {
  return {
    kind: 'appendEntries',
    term: term(at),
    prevLogIndex: logIndex(prev[0]),
    prevLogTerm: term(prev[1]),
    entries,
    leaderCommit: logIndex(commit),
  }
}

describe('commitment', () => {
  test('F-1: a majority of copies does not commit an entry of an earlier term (Figure 8)', () => {
    const cores = new Cores('n1 n2 n3 n4 n5', { ...without, batchEntriesMax: 1 })
    const [n1, n3] = [cores.core('n1'), cores.core('n3')]
    cores.fateOf = ({ message }) => (message.kind === 'appendEntries' ? 'lost' : 'arrives')
    cores.elect('n2')
    cores.elect('n1')
    // n1 of term 2 spreads its first entry to n2 alone.
    cores.cut('n1', 'n3 n4 n5')
    cores.fateOf = () => 'arrives'
    cores.tick(12, 'n1')
    expect(cores.core('n2').log).toEqual(n1.log)
    const spread = n1.log.length
    expect(n1.log).toEqual(['2:-'])
    cores.crash('n1')
    // n5 of term 3 appends its own, and nobody gets it.
    cores.cut('n5', 'n1 n2')
    cores.fateOf = ({ message }) => (message.kind === 'appendEntries' ? 'lost' : 'arrives')
    cores.elect('n5')
    cores.crash('n5')
    // n1 leads again, in term 4, and brings the old entry to n3; its entry of the own term waits.
    cores.heal()
    cores.restart('n1')
    cores.campaign('n1')
    cores.elect('n1')
    expect(cores.leaders).toEqual(['n1'])
    cores.cut('n1', 'n4')
    cores.fateOf = ({ message }) =>
      message.kind === 'appendEntries' && message.prevLogIndex >= spread ? 'lost' : 'arrives'
    const guess = { prevLogIndex: logIndex(spread), hintIndex: logIndex(0), hintTerm: term(0) }
    for (const from of ['n2', 'n3']) {
      cores.receive('n1', from, { kind: 'appendEntriesReply', term: term(4), success: false, ...guess })
    }
    cores.tick(40, 'n1')
    expect(n3.log).toEqual(['2:-'])
    expect(cores.core('n2').log).toHaveLength(spread)
    expect([...n1.state.progress.values()].map(({ matchIndex }) => matchIndex)).toEqual([spread, spread, 0, 0])
    expect(n1.state.commitIndex).toBe(0)
    // With the entry of its own term everything before it is committed.
    cores.heal()
    cores.fateOf = () => 'arrives'
    cores.tick(12, 'n1')
    expect(n1.state.commitIndex).toBe(n1.state.log.lastIndex)
  })

  test('a leader counts itself only up to what its own disk has answered for', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const n1 = cores.core('n1')
    n1.isDiskHeld = true
    cores.cut('n1', 'n3')
    cores.propose('n1', 'x')
    expect(cores.core('n2').log).toContain('1:x')
    expect(n1.state.commitIndex).toBe(1)
    cores.persist('n1')
    expect(n1.state.commitIndex).toBe(2)
  })

  test('two followers commit while the leader’s disk is slow, and it applies nothing before its own disk', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const n1 = cores.core('n1')
    n1.isDiskHeld = true
    cores.propose('n1', 'x')
    cores.tick(6)
    expect(n1.state.commitIndex).toBe(2)
    expect(cores.core('n2').applied).toEqual(['-', 'x'])
    expect(n1.applied).toEqual(['-'])
    cores.persist('n1')
    expect(n1.applied).toEqual(['-', 'x'])
  })

  test('F-11: an entry is acknowledged when it is durable, so a crash before that takes nothing back', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.core('n2').isDiskHeld = true
    cores.cut('n1', 'n3')
    const from = cores.sent.length
    cores.propose('n1', 'x')
    expect(cores.core('n2').log).toContain('1:x')
    expect(cores.sentOf('appendEntriesReply', from)).toEqual([])
    cores.crash('n2')
    cores.restart('n2')
    expect(cores.core('n1').state.commitIndex).toBe(1)
    expect(cores.core('n2').log).toEqual(['1:-'])
  })

  test('F-15: a commit index never reaches into entries that this message does not vouch for', () => {
    const cores = new Cores('n1 n2 n3')
    const n3 = cores.core('n3')
    // n3 has two entries of a leader of term 1 that nobody else has.
    cores.receive('n3', 'n1', append(1, [0, 0], [entry(1, 1, 'a'), entry(2, 1, 'b'), entry(3, 1, 'c')]))
    // The leader of term 2 agrees up to the first and has committed three of its own.
    cores.receive('n3', 'n2', append(2, [1, 1], [], 3))
    expect(n3.state.commitIndex).toBe(1)
    // Nor does its answer: the others may not be the leader's.
    expect(cores.sentOf('appendEntriesReply').at(-1)?.message).toMatchObject({ success: true, matchIndex: 1 })
    expect(n3.log).toEqual(['1:a', '1:b', '1:c'])
    cores.receive('n3', 'n2', append(2, [1, 1], [entry(2, 2, 'x')], 9))
    expect(n3.state.commitIndex).toBe(2)
    expect(n3.log).toEqual(['1:a', '2:x'])
  })

  test('F-15: a heartbeat tells each follower at most what it is known to have', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.cut('n1', 'n3')
    cores.propose('n1', 'x', 'y')
    expect(cores.core('n1').state.commitIndex).toBe(3)
    cores.tick(6, 'n1')
    const told = cores.sentOf('heartbeat').filter(({ to }) => to === 'n3')
    expect(told.at(-1)?.message).toMatchObject({ leaderCommit: 1 })
  })

  test('a heartbeat beyond the log commits nothing', () => {
    const cores = new Cores('n1 n2 n3')
    cores.receive('n3', 'n1', append(1, [0, 0], [entry(1, 1, 'a')]))
    cores.receive('n3', 'n1', { kind: 'heartbeat', term: term(1), leaderCommit: logIndex(7), round: 0 })
    expect(cores.core('n3').state.commitIndex).toBe(0)
  })
})

test('F-34: commands of no bytes, of a mebibyte and of any bytes are applied as they were proposed', () => {
  const cores = new Cores('n1 n2 n3')
  cores.elect('n1')
  const commands = ['', 'x'.repeat(1 << 20), '\u0000\ud83d\ude00', '']
  cores.propose('n1', ...commands)
  for (const { applied } of cores.all) expect(applied).toEqual(['-', ...commands])
})

describe('the log of a follower', () => {
  test('F-13: late and doubled appends remove nothing', () => {
    const cores = new Cores('n1 n2 n3')
    const n3 = cores.core('n3')
    const all = [entry(1, 1, 'a'), entry(2, 1, 'b'), entry(3, 1, 'c'), entry(4, 1, 'd')]
    cores.receive('n3', 'n1', append(1, [0, 0], all))
    cores.receive('n3', 'n1', append(1, [0, 0], all.slice(0, 2)))
    cores.receive('n3', 'n1', append(1, [1, 1], []))
    cores.receive('n3', 'n1', append(1, [0, 0], all))
    expect(n3.log).toHaveLength(4)
    expect(n3.records.length).toBe(3)
  })

  test('F-13: an append of an earlier term is refused, with the later term', () => {
    const cores = new Cores('n1 n2 n3')
    cores.receive('n3', 'n2', append(5, [0, 0], [entry(1, 5, 'x')]))
    cores.receive('n3', 'n1', append(4, [0, 0], [entry(1, 4, 'y')]))
    expect(cores.core('n3').log).toEqual(['5:x'])
    expect(cores.core('n3').state.leader).toBe('n2')
    expect(cores.sentOf('appendEntriesReply').at(-1)?.message).toMatchObject({ term: 5, success: false })
  })

  test('F-13: an acknowledgement of an earlier leadership of the same member counts for nothing', () => {
    const cores = new Cores('n1 n2 n3', without)
    cores.elect('n1')
    cores.cut('n1', 'n2 n3')
    cores.propose('n1', 'x')
    cores.heal()
    cores.elect('n2')
    cores.fateOf = ({ message }) => (message.kind === 'appendEntries' ? 'lost' : 'arrives')
    cores.elect('n1')
    const n1 = cores.core('n1')
    const before = n1.state.commitIndex
    const late = {
      kind: 'appendEntriesReply',
      term: term(1),
      success: true,
      matchIndex: n1.state.log.lastIndex,
    } as const
    cores.receive('n1', 'n2', late)
    cores.receive('n1', 'n3', late)
    expect(n1.state.commitIndex).toBe(before)
  })

  test('F-13: an acknowledgement of more than the leader has counts for nothing', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.cut('n1', 'n2 n3')
    const beyond = { kind: 'appendEntriesReply', term: term(1), success: true, matchIndex: logIndex(99) } as const
    cores.receive('n1', 'n2', beyond)
    expect(cores.core('n1').state.progress.get(cores.core('n2').id)?.matchIndex).toBe(1)
  })

  test('F-14: what a follower is known to have never shrinks', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.propose('n1', 'x', 'y')
    const progress = cores.core('n1').state.progress.get(cores.core('n2').id)
    const old = { kind: 'appendEntriesReply', term: term(1) } as const
    cores.receive('n1', 'n2', { ...old, success: true, matchIndex: logIndex(1) })
    cores.receive('n1', 'n2', {
      ...old,
      success: false,
      prevLogIndex: logIndex(2),
      hintIndex: logIndex(0),
      hintTerm: term(0),
    })
    expect(progress).toMatchObject({ matchIndex: 3, nextIndex: 4, phase: 'replicate' })
  })

  test('F-39: the answer to a doubled append waits for the disk as the first one does', () => {
    const cores = new Cores('n1 n2 n3')
    const n3 = cores.core('n3')
    n3.isDiskHeld = true
    const message = append(1, [0, 0], [entry(1, 1, 'a')])
    cores.receive('n3', 'n1', message)
    cores.receive('n3', 'n1', message)
    expect(n3.readys.at(-1)?.records).toEqual([])
    expect(n3.readys.at(-1)?.messagesAfterPersist).toHaveLength(1)
    expect(cores.sentOf('appendEntriesReply')).toEqual([])
    cores.persist('n3')
    expect(cores.sentOf('appendEntriesReply')).toHaveLength(2)
  })

  test('an entry that was cut off and appended again is durable when its second record is (ABA)', () => {
    const cores = new Cores('n1 n2 n3')
    const n3 = cores.core('n3')
    n3.isDiskHeld = true
    cores.receive('n3', 'n1', append(1, [0, 0], [entry(1, 1, 'a'), entry(2, 1, 'b')]))
    cores.receive('n3', 'n2', append(2, [0, 0], [entry(1, 2, 'x')]))
    cores.receive('n3', 'n1', append(3, [0, 0], [entry(1, 1, 'a'), entry(2, 1, 'b')]))
    const persistedAfter = (writes: number): number => {
      cores.persist('n3', writes)
      return n3.state.log.persistedIndex
    }
    // The first Ready of a founder holds the founders.
    expect(n3.log).toEqual(['1:a', '1:b'])
    expect([persistedAfter(1), persistedAfter(1), persistedAfter(1)]).toEqual([0, 0, 2])
    cores.crash('n3')
    cores.restart('n3')
    expect(n3.log).toEqual(['1:a', '1:b'])
  })

  test('what was durable is not any more once it is cut off', () => {
    const cores = new Cores('n1 n2 n3')
    const n3 = cores.core('n3')
    cores.receive('n3', 'n1', append(1, [0, 0], [entry(1, 1, 'a'), entry(2, 1, 'b'), entry(3, 1, 'c')]))
    expect(n3.state.log.persistedIndex).toBe(3)
    n3.isDiskHeld = true
    cores.receive('n3', 'n2', append(2, [1, 1], [entry(2, 2, 'x'), entry(3, 2, 'y')], 3))
    expect(n3.state.log.persistedIndex).toBe(1)
    expect(n3.applied).toEqual(['a'])
    cores.persist('n3')
    expect(n3.applied).toEqual(['a', 'x', 'y'])
  })
})

describe('catching up', () => {
  test('F-32: ten thousand entries apart is a question of terms, not of entries', () => {
    const cores = new Cores('n1 n2 n3', { ...without, inflightMessagesMax: 4 })
    cores.elect('n3')
    cores.cut('n3', 'n1 n2')
    cores.propose('n3', ...Array.from({ length: 10_000 }, (_, at) => `a${at}`))
    cores.elect('n1')
    cores.propose('n1', ...Array.from({ length: 10_000 }, (_, at) => `b${at}`))
    const from = cores.sent.length
    cores.heal()
    cores.tick(6, 'n1')
    expect(cores.core('n3').log).toEqual(cores.core('n1').log)
    const refused = cores.sentOf('appendEntriesReply', from).filter(({ message }) => !('matchIndex' in message))
    expect(refused.length).toBeLessThan(4)
  })

  test('F-32: a full window whose messages were all lost is probed, and empties', () => {
    const cores = new Cores('n1 n2 n3', { inflightMessagesMax: 3, batchEntriesMax: 1 })
    cores.elect('n1')
    cores.fateOf = ({ to, message }) => (to === 'n3' && message.kind === 'appendEntries' ? 'lost' : 'arrives')
    cores.propose('n1', ...'abcdefgh')
    expect(cores.core('n1').state.progress.get(cores.core('n3').id)?.inflights.isFull).toBe(true)
    cores.fateOf = () => 'arrives'
    cores.tick(30)
    expect(cores.core('n3').applied).toEqual(['-', ...'abcdefgh'])
  })

  test('F-32: what was dropped before it left is sent again after the next heartbeat, not in a circle', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const n1 = cores.core('n1')
    cores.fateOf = ({ to, message }) => {
      if (to !== 'n3' || message.kind !== 'appendEntries') return 'arrives'
      n1.step({ kind: 'dropped', peer: cores.core('n3').id, channel: 'log' })
      return 'lost'
    }
    const from = cores.sent.length
    cores.propose('n1', 'x')
    cores.tick(20)
    const tries = cores.sentOf('appendEntries', from).filter(({ to }) => to === 'n3')
    expect(tries.length).toBeGreaterThan(1)
    expect(tries.length).toBeLessThan(7)
    cores.fateOf = () => 'arrives'
    cores.tick(6)
    expect(cores.core('n3').applied).toContain('x')
  })

  test('a link that is down is not written to, and one that comes up is at once', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const n1 = cores.core('n1')
    const peer = cores.core('n3').id
    cores.cut('n1', 'n3')
    n1.step({ kind: 'linkDown', peer, gone: false })
    const from = cores.sent.length
    cores.propose('n1', 'x')
    cores.tick(20, 'n1')
    expect(cores.sentOf('appendEntries', from).filter(({ to }) => to === 'n3')).toEqual([])
    cores.heal()
    n1.step({ kind: 'linkUp', peer, connection: 2 })
    cores.settle()
    expect(cores.core('n3').log).toContain('1:x')
  })

  test('links of members that are not followed change nothing', () => {
    const cores = new Cores('n1 n2 n3')
    const before = cores.core('n1').raft.exportState()
    for (const core of cores.all) cores.core('n1').step({ kind: 'linkUp', peer: core.id, connection: 1 })
    cores.core('n1').step({ kind: 'linkDown', peer: cores.core('n2').id, gone: true })
    cores.core('n1').step({ kind: 'dropped', peer: cores.core('n2').id, channel: 'control' })
    expect(cores.core('n1').raft.exportState()).toEqual(before)
  })

  test('a follower that insists on a refusal is asked again with the next heartbeat, not in a circle', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const n1 = cores.core('n1')
    const peer = cores.core('n3').id
    cores.crash('n3')
    n1.step({ kind: 'linkUp', peer, connection: 2 })
    cores.propose('n1', 'x')
    const from = cores.sent.length
    for (let times = 0; times < 50; times += 1) {
      cores.receive('n1', 'n3', {
        kind: 'appendEntriesReply',
        term: term(1),
        success: false,
        prevLogIndex: logIndex(1),
        hintIndex: logIndex(0),
        hintTerm: term(0),
      })
    }
    expect(cores.sentOf('appendEntries', from).length).toBeLessThan(3)
  })

  test('a learner gets everything and counts for nothing', () => {
    const cores = new Cores('n1 n2 n3?')
    cores.elect('n1')
    cores.cut('n2', 'n1')
    cores.propose('n1', 'x')
    expect(cores.core('n3').log).toContain('1:x')
    expect(cores.core('n1').state.commitIndex).toBe(1)
    cores.heal()
    cores.tick(12)
    expect(cores.core('n3').applied).toEqual(['-', 'x'])
  })
})
