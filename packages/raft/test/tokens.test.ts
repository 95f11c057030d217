import { position, token } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { logIndex, term, type AppendEntries, type Entry } from '../src/index.js'
import { Cores } from './cores.js'

const without = { preVote: false, checkQuorum: false }

function entryOf(index: number, at: number): Entry {
  return { index: logIndex(index), term: term(at), kind: 'noop', data: new Uint8Array() }
}

function append(at: number, prevIndex: number, prevTerm: number, entries: Entry[], commit: number): AppendEntries {
  const prev = { prevLogIndex: logIndex(prevIndex), prevLogTerm: term(prevTerm) }
  return { kind: 'appendEntries', term: term(at), ...prev, entries, leaderCommit: logIndex(commit) }
}

describe('a token ends as its entry ends', () => {
  test('committed, also when the one who proposed it no longer leads', () => {
    const cores = new Cores('n1 n2 n3', without)
    cores.elect('n1')
    cores.fateOf = ({ message }) => (message.kind === 'appendEntriesReply' ? 'lost' : 'arrives')
    const [given] = cores.propose('n1', 'x')
    cores.fateOf = () => 'arrives'
    cores.elect('n2')
    cores.tick(6)
    expect(cores.core('n1').tokens).toEqual([given])
  })

  test('overwritten, when another entry is committed at its place', () => {
    const cores = new Cores('n1 n2 n3', without)
    cores.elect('n1')
    cores.cut('n1', 'n2 n3')
    const given = cores.propose('n1', 'a', 'b', 'c')
    cores.elect('n2')
    cores.propose('n2', 'x', 'y', 'z')
    cores.heal()
    cores.tick(6, 'n2')
    expect(given.map((each) => cores.core('n1').settled.get(each))).toEqual(Array(3).fill({ kind: 'overwritten' }))
    expect(cores.core('n1').applied).toEqual(['-', '-', 'x', 'y', 'z'])
  })

  test('overwritten, when a later term is committed before its place: nobody can hold it any more', () => {
    const cores = new Cores('n1 n2 n3', without)
    cores.elect('n1')
    cores.cut('n1', 'n2 n3')
    const given = cores.propose('n1', 'a', 'b', 'c')
    cores.elect('n2')
    cores.heal()
    cores.tick(6, 'n2')
    expect(cores.core('n1').log).toEqual(['1:-', '2:-'])
    expect(given.map((each) => cores.core('n1').settled.get(each))).toEqual(Array(3).fill({ kind: 'overwritten' }))
  })

  test('undecided, as long as another member may bring the entry back, and committed when one does', () => {
    const cores = new Cores('n1 n2 n3 n4 n5', without)
    cores.elect('n1')
    cores.cut('n1 n2', 'n3 n4 n5')
    const [given] = cores.propose('n1', 'x')
    // n3 leads term 2 and cuts the entry off at n1 alone.
    cores.fateOf = ({ message }) => (message.kind === 'appendEntries' ? 'lost' : 'arrives')
    cores.elect('n3')
    cores.heal()
    cores.fateOf = ({ to, message }) => (message.kind === 'appendEntries' && to !== 'n1' ? 'lost' : 'arrives')
    cores.tick(12, 'n3')
    const { log, settled, tokens } = cores.core('n1')
    expect(log).toEqual(['1:-', '2:-'])
    expect(settled.has(given!)).toBe(false)
    // n2 still has it, and wins with n4 and n5, who have nothing of term 2.
    cores.fateOf = () => 'arrives'
    cores.crash('n3')
    cores.elect('n2')
    cores.tick(6, 'n2')
    expect(cores.core('n1').log).toEqual(['1:-', '1:x', '3:-'])
    expect(tokens).toEqual([given])
  })

  test('undecided, when it was cut off and then the first entry of its own term is committed', () => {
    const cores = new Cores('n1 n2 n3', without)
    const { settled, tokens } = cores.core('n1')
    cores.cut('n1', 'n2 n3')
    cores.campaign('n1')
    cores.receive('n1', 'n2', { kind: 'requestVoteReply', term: term(1), voteGranted: true })
    const given = cores.propose('n1', 'x', 'y')
    const { log } = cores.core('n1').state
    const entries = [1, 2, 3].map((at) => log.entryAt(at))
    cores.receive('n1', 'n2', append(2, 0, 0, [entryOf(1, 2)], 0))
    expect(cores.core('n1').log).toEqual(['2:-'])
    // n3 had all of it. Entry 1 is the first of term 1, and the first that is committed here.
    cores.receive('n1', 'n3', append(3, 0, 0, entries, 1))
    expect(cores.core('n1').applied).toEqual(['-'])
    expect(given.map((each) => settled.get(each))).toEqual([undefined, undefined])
    cores.receive('n1', 'n3', append(3, 3, 1, [entryOf(4, 3)], 4))
    expect(cores.core('n1').applied).toEqual(['-', 'x', 'y', '-'])
    expect(tokens).toEqual(given)
    expect(given.map((each) => settled.get(each))).toEqual([undefined, undefined])
  })

  test('unknown where a snapshot of its own history skips it, and undecided behind that, until it is committed', () => {
    const cores = new Cores('n1 n2 n3', without)
    const [n1, n2] = [cores.core('n1'), cores.core('n2')]
    cores.fateOf = ({ to, message }) => (to === 'n1' && message.kind === 'appendEntriesReply' ? 'lost' : 'arrives')
    n2.isApplierHeld = true
    cores.elect('n1')
    cores.tick(6, 'n1')
    const given = cores.propose('n1', 'w', 'x', 'y', 'z')
    cores.tick(6, 'n1')
    cores.cut('n1', 'n2 n3')
    cores.elect('n2')
    n2.step({ kind: 'applied', position: position(3) })
    const image = n2.save()
    expect(image.meta).toMatchObject({ position: 3, epoch: 1 })
    // n1 has all of term 1, and an image of its first half comes from n2, which has it too.
    expect(n1.log).toEqual(['1:-', '1:w', '1:x', '1:y', '1:z'])
    cores.receive('n1', 'n2', { kind: 'installSnapshot', term: term(2), meta: image.meta })
    n1.images.set(3, image)
    n1.step({ kind: 'snapshotFetched', meta: image.meta })
    cores.settle()
    const unknown = { kind: 'unknown' }
    expect(given.map((each) => n1.settled.get(each))).toEqual([unknown, unknown, undefined, undefined])
    cores.heal()
    cores.tick(12, 'n2')
    expect(n1.tokens).toEqual(given.slice(2))
    expect(given.map((each) => n1.settled.get(each))).toEqual([unknown, unknown, undefined, undefined])
  })

  test('undecided, while only earlier terms are committed', () => {
    const cores = new Cores('n1 n2 n3', without)
    const entries = [1, 2].map((at) => entryOf(at, at))
    const { settled } = cores.core('n1')
    cores.receive('n1', 'n2', append(2, 0, 0, entries, 0))
    cores.cut('n1', 'n2 n3')
    cores.campaign('n1')
    cores.receive('n1', 'n2', { kind: 'requestVoteReply', term: term(3), voteGranted: true })
    const [given] = cores.propose('n1', 'x')
    cores.receive('n1', 'n2', append(4, 2, 2, [entryOf(3, 4)], 2))
    expect([cores.core('n1').log, cores.core('n1').applied]).toEqual([
      ['1:-', '2:-', '4:-'],
      ['-', '-'],
    ])
    expect(settled.has(given!)).toBe(false)
    cores.receive('n1', 'n2', append(4, 3, 4, [], 3))
    expect(settled.get(given!)).toEqual({ kind: 'overwritten' })
  })

  test('with the token of the entry that is committed there, of two that were proposed for one place', () => {
    const cores = new Cores('n1 n2 n3', without)
    cores.elect('n1')
    cores.cut('n1', 'n2 n3')
    const [first] = cores.propose('n1', 'first')
    cores.elect('n2')
    cores.heal()
    cores.tick(6, 'n2')
    cores.elect('n1')
    const [second] = cores.propose('n1', 'second')
    expect(cores.core('n1').settled.get(first!)).toEqual({ kind: 'overwritten' })
    expect(cores.core('n1').tokens).toEqual([second])
  })

  test('refused, by whoever does not lead', () => {
    const cores = new Cores('n1 n2 n3')
    const [early] = cores.propose('n1', 'x')
    cores.elect('n2')
    const [late] = cores.propose('n1', 'x')
    const { settled } = cores.core('n1')
    expect(settled.get(early!)).toMatchObject({ kind: 'refused', reason: 'notLeader', leader: null })
    expect(settled.get(late!)).toMatchObject({ kind: 'refused', reason: 'notLeader', leader: 'n2' })
  })

  test('refused, by whoever leads in another term than the one that it was stamped in', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const { raft: protocol, state } = cores.core('n1')
    const { currentTerm } = state.hardState
    const command = new Uint8Array([1])
    protocol.step({ kind: 'propose', token: token(101), command, epoch: currentTerm - 1 })
    protocol.step({ kind: 'propose', token: token(102), command, epoch: currentTerm })
    cores.tick(6, 'n1')
    expect(cores.core('n1').settled.get(token(101))).toMatchObject({ kind: 'refused', reason: 'notLeader' })
    expect(cores.core('n1').tokens).toEqual([token(102)])
  })

  test('done, for a campaign', () => {
    const cores = new Cores('n1 n2 n3')
    cores.campaign('n1')
    cores.campaign('n1')
    expect([...cores.core('n1').settled.values()]).toEqual(Array(2).fill({ kind: 'done', position: null }))
    expect(cores.core('n1').state.hardState.currentTerm).toBe(1)
  })
})

describe('D37: what waits is bounded, and over it is a refusal', () => {
  const overloaded = { kind: 'refused', reason: 'overloaded' }

  function cutOff(options: ConstructorParameters<typeof Cores>[1]): Cores {
    const cores = new Cores('n1 n2 n3', { ...without, ...options })
    cores.elect('n1')
    cores.cut('n1', 'n2 n3')
    return cores
  }

  test('uncommitted bytes', () => {
    const cores = cutOff({ uncommittedBytesMax: 100 })
    const [first, second, third] = cores.propose('n1', 'x'.repeat(60), 'y'.repeat(60), 'z')
    const { settled } = cores.core('n1')
    expect([settled.get(first!), settled.get(third!)]).toEqual([undefined, undefined])
    expect(settled.get(second!)).toMatchObject(overloaded)
    cores.heal()
    cores.tick(12)
    const [later] = cores.propose('n1', 'y'.repeat(60))
    expect(cores.core('n1').tokens).toContain(later)
    expect(cores.core('n1').state.uncommittedBytes).toBe(0)
  })

  test('a command larger than the limit goes through alone', () => {
    const cores = new Cores('n1 n2 n3', { uncommittedBytesMax: 10 })
    cores.elect('n1')
    const [given] = cores.propose('n1', 'x'.repeat(60))
    expect(cores.core('n1').tokens).toContain(given)
  })

  test('uncommitted entries, also when they are empty', () => {
    const cores = cutOff({ uncommittedEntriesMax: 5 })
    const given = cores.propose('n1', ...Array<string>(6).fill(''))
    const { settled } = cores.core('n1')
    expect(given.map((each) => settled.has(each))).toEqual([false, false, false, false, false, true])
    expect(settled.get(given[5]!)).toMatchObject(overloaded)
  })

  test('bytes that are committed and not applied yet: the rest waits, and comes in order', () => {
    const cores = new Cores('n1', { unappliedBytesMax: 40 })
    const n1 = cores.core('n1')
    n1.isApplierHeld = true
    cores.elect('n1')
    cores.propose('n1', ...'abcdefgh')
    expect(n1.applied).toEqual(['-', 'a', 'b'])
    n1.isApplierHeld = false
    n1.reportApplied()
    cores.settle()
    expect(n1.applied).toEqual(['-', ...'abcdefgh'])
    expect(n1.state.unappliedBytes).toBe(0)
  })

  test.each([{ unappliedEntriesMax: 3 }, { unappliedBytesMax: 40 }])(
    'what is committed and not applied yet: proposals are refused until the machine has caught up (%o)',
    (limits) => {
      const cores = new Cores('n1', limits)
      const n1 = cores.core('n1')
      cores.elect('n1')
      cores.settle()
      n1.isApplierHeld = true
      const given = [...'abcdefgh'].flatMap((command) => {
        const tokens = cores.propose('n1', command)
        cores.settle()
        return tokens
      })
      const refused = given.filter((each) => n1.settled.has(each))
      expect(refused.length).toBeGreaterThanOrEqual(4)
      expect(given.slice(-refused.length)).toEqual(refused)
      expect(n1.settled.get(refused[0]!)).toMatchObject(overloaded)
      n1.isApplierHeld = false
      n1.reportApplied()
      cores.settle()
      const [later] = cores.propose('n1', 'later')
      cores.settle()
      expect(n1.tokens).toContain(later)
      expect(n1.applied.at(-1)).toBe('later')
    },
  )

  test('reads that no majority has confirmed', () => {
    const cores = cutOff({ pendingReadsMax: 3 })
    const given = Array.from({ length: 4 }, () => cores.read('n1'))
    const { settled } = cores.core('n1')
    expect(given.map((each) => settled.has(each))).toEqual([false, false, false, true])
    expect(settled.get(given[3]!)).toMatchObject(overloaded)
    cores.heal()
    cores.tick(6)
    expect(cores.core('n1').reads.size).toBe(3)
    expect(cores.core('n1').reads.has(cores.read('n1'))).toBe(true)
  })

  test('the size of one command', () => {
    const cores = new Cores('n1', { commandBytesMax: 10 })
    cores.elect('n1')
    const [fits, large] = cores.propose('n1', 'x'.repeat(10), 'x'.repeat(11))
    expect(cores.core('n1').tokens).toEqual([fits])
    expect(cores.core('n1').settled.get(large!)).toMatchObject({ kind: 'refused', reason: 'tooLarge' })
  })

  test('entries in flight to a slow follower, in messages and in bytes', () => {
    const cores = new Cores('n1 n2 n3', { inflightMessagesMax: 4, inflightBytesMax: 120, batchEntriesMax: 1 })
    cores.elect('n1')
    cores.fateOf = ({ to, message }) => (to === 'n3' && message.kind === 'appendEntries' ? 'lost' : 'arrives')
    const toSlow = (from: number) =>
      cores.sentOf('appendEntries', from).filter(({ to, message }) => to === 'n3' && 'entries' in message).length
    const from = cores.sent.length
    cores.propose('n1', ...'abcdefghij')
    expect(toSlow(from)).toBe(4)
    cores.fateOf = () => 'arrives'
    cores.tick(60)
    cores.fateOf = ({ to, message }) => (to === 'n3' && message.kind === 'appendEntries' ? 'lost' : 'arrives')
    const later = cores.sent.length
    cores.propose('n1', 'x'.repeat(60), 'y'.repeat(60), 'z'.repeat(60))
    expect(toSlow(later)).toBe(2)
    expect(cores.core('n2').applied).toContain('z'.repeat(60))
  })

  test('one message is bounded in bytes, and a large command goes alone', () => {
    const cores = new Cores('n1 n2 n3', { batchBytesMax: 50 })
    cores.elect('n1')
    const from = cores.sent.length
    cores.propose('n1', 'a', 'b', 'x'.repeat(100), 'c', 'd')
    const sizes = cores
      .sentOf('appendEntries', from)
      .filter(({ to }) => to === 'n2')
      .map(({ message }) => ('entries' in message ? message.entries.length : 0))
    expect(sizes.filter((size) => size > 0)).toEqual([2, 1, 2])
  })
})
