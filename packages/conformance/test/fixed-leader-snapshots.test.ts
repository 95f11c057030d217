import type { FixedLeaderMessage } from '@quorate/conformance'
import { nodeId, position, sequence, token, type SnapshotMeta } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { command, founders, startOf } from './bare-core.js'
import { Member, protocol } from './fixed-leader-member.js'

const three = founders('n1', 'n2', 'n3')
const from = nodeId('n1')

function memberOf(id: string, members = three): Member {
  const member = new Member(startOf(id, members))
  member.persist()
  member.takeSent()
  member.taken = []
  return member
}

const metaAt = (at: number): SnapshotMeta => ({
  position: position(at),
  epoch: 1,
  members: three,
  protocol: new Uint8Array(),
})

/** The image of a machine that was given 1, 2, 3, … */
const imageAt = (at: number) => ({ meta: metaAt(at), machine: Array.from({ length: at }, (_, index) => index + 1) })

function propose(leader: Member, ...values: readonly number[]): void {
  for (const value of values) leader.step({ kind: 'propose', token: token(value), command: command(value) })
  leader.persist()
}

function heartbeat(leader: Member): void {
  leader.step({ kind: 'tick', missed: 4 })
  leader.persist()
}

/** Hands over what was sent, and returns its kinds. */
function deliver(sender: Member, ...receivers: readonly Member[]): string[] {
  const kinds: string[] = []
  for (const { to, message } of sender.takeSent()) {
    const receiver = receivers.find(({ start }) => start.self === to)
    if (receiver) kinds.push(message.kind)
    receiver?.step({ kind: 'receive', from: sender.start.self, message: protocol.decode(protocol.encode(message, 0)) })
    receiver?.persist()
  }
  return kinds
}

/** The leader and a follower have these commands, and so do their machines. */
function agree(leader: Member, follower: Member, ...values: readonly number[]): void {
  propose(leader, ...values)
  for (let round = 0; round < 2; round += 1) {
    deliver(leader, follower)
    deliver(follower, leader)
    heartbeat(leader)
  }
  leader.run()
  deliver(leader, follower)
  follower.run()
  deliver(follower, leader)
}

const receive = (message: FixedLeaderMessage) => ({ kind: 'receive', from, message }) as const
const append = (previous: number, commit: number, ...values: readonly number[]) =>
  receive({ kind: 'append', previous: position(previous), commit: position(commit), commands: values.map(command) })
const offer = (at: number) => receive({ kind: 'offer', position: position(at) })
const applied = (at: number) => ({ kind: 'applied', position: position(at) }) as const

describe('a snapshot of its own', () => {
  test('order 7.3: is recorded, and the journal released to it, from the first record behind it on', () => {
    const leader = memberOf('n1', founders('n1'))
    propose(leader, 1, 2, 3)
    leader.run(2)
    const image = leader.checkpoint()!
    leader.run()
    leader.saved(image)
    expect(leader.records, 'before it is durable').toBe(3)
    leader.persist()
    expect(leader.records, 'entry 3, and what was said of the snapshot').toBe(2)
    leader.restart()
    expect(leader.machine).toEqual([1, 2])
    leader.run()
    expect(leader.machine).toEqual([1, 2, 3])
    propose(leader, 4)
    leader.run()
    expect(leader.machine).toEqual([1, 2, 3, 4])
  })

  test('that ends the journal leaves one record, and positions go on though sequences do not', () => {
    const leader = memberOf('n1', founders('n1'))
    propose(leader, 1, 2, 3)
    leader.run()
    leader.saved(leader.checkpoint()!)
    leader.persist()
    expect(leader.records).toBe(1)
    leader.restart()
    expect(leader.protocol.describe()).toMatchObject({ lastPosition: 3, persisted: 3, commit: 3, snapshot: 3 })
    propose(leader, 4)
    expect(leader.committed).toEqual([{ position: 4, epoch: 1, token: 4, command: command(4) }])
  })

  test('that is older than another one changes nothing', () => {
    const leader = memberOf('n1', founders('n1'))
    propose(leader, 1, 2)
    leader.run(1)
    const first = leader.checkpoint()!
    leader.run()
    leader.saved(leader.checkpoint()!)
    leader.persist()
    leader.taken = []
    leader.saved(first)
    expect(leader.taken).toEqual([])
  })

  test('9.7: is not taken of a position that the protocol has installed beyond, or that the machine cannot be at', () => {
    const follower = memberOf('n2')
    follower.step(append(0, 2, 1, 2))
    follower.persist()
    expect(follower.protocol.snapshotMeta(position(2))).toEqual(metaAt(2))
    expect(follower.protocol.snapshotMeta(position(3))).toBeNull()
    follower.step(offer(5))
    follower.fetched(imageAt(5))
    expect(follower.protocol.snapshotMeta(position(2))).toBeNull()
    expect(follower.protocol.snapshotMeta(position(5))).toEqual(metaAt(5))
  })
})

describe('a member that was away for longer than the log reaches back', () => {
  function apart(): { leader: Member; near: Member; late: Member } {
    const [leader, near, late] = [memberOf('n1'), memberOf('n2'), memberOf('n3')]
    propose(leader, 1)
    deliver(leader, near, late)
    deliver(late, leader)
    agree(leader, near, 2, 3, 4)
    leader.saved(leader.checkpoint()!)
    leader.persist()
    leader.takeSent()
    return { leader, near, late }
  }

  const phaseOf = (leader: Member, id: string) => leader.protocol.progress().find((each) => each.id === id)?.phase

  test('is offered the snapshot, in lane two, beside heartbeats; fetches and installs it; and is given what follows', () => {
    const { leader, near, late } = apart()
    heartbeat(leader)
    expect(phaseOf(leader, 'n3')).toBe('snapshot')
    expect(phaseOf(leader, 'n2')).toBe('replicate')
    propose(leader, 5)
    expect(deliver(leader, near, late).filter((kind) => kind === 'offer')).toHaveLength(1)
    expect(late.fetching).toEqual({ from: 'n1', meta: metaAt(4) })
    expect(late.protocol.describe(), 'no entries meanwhile').toMatchObject({ lastPosition: 1 })
    deliver(late, leader)
    expect(phaseOf(leader, 'n3'), 'when it has answered a heartbeat').toBe('snapshot')
    late.fetched(leader.images.get(4)!)
    expect(late.takeSent(), 'before its disk has said so').toEqual([])
    late.persist()
    late.run()
    expect(late.machine).toEqual([1, 2, 3, 4])
    deliver(late, leader)
    expect(phaseOf(leader, 'n3')).toBe('replicate')
    leader.persist()
    deliver(leader, late)
    deliver(late, leader)
    heartbeat(leader)
    deliver(leader, late)
    late.run()
    expect(late.machine).toEqual([1, 2, 3, 4, 5])
  })

  test('is offered one after a restart of the leader too, once it has said where it is', () => {
    const { leader, late } = apart()
    leader.restart()
    heartbeat(leader)
    expect(phaseOf(leader, 'n3')).toBe('probe')
    expect(deliver(leader, late)).toEqual(['append'])
    deliver(late, leader)
    heartbeat(leader)
    expect(deliver(leader, late)).toEqual(['append', 'offer'])
  })

  test('restarts on what it installed', () => {
    const { leader, late } = apart()
    heartbeat(leader)
    deliver(leader, late)
    late.fetched(leader.images.get(4)!)
    late.persist()
    late.restart()
    expect(late.machine).toEqual([1, 2, 3, 4])
    expect(late.records).toBe(1)
    expect(late.protocol.describe()).toMatchObject({ lastPosition: 4, commit: 4 })
  })

  test('finds what follows its snapshot, though the leader saved another one meanwhile', () => {
    const { leader, near, late } = apart()
    heartbeat(leader)
    deliver(leader, late)
    deliver(late, leader)
    const image = leader.images.get(4)!
    agree(leader, near, 5, 6)
    leader.saved(leader.checkpoint()!)
    leader.persist()
    leader.takeSent()
    late.fetched(image)
    late.persist()
    late.run()
    deliver(late, leader)
    expect(phaseOf(leader, 'n3')).toBe('replicate')
    leader.persist()
    expect(deliver(leader, late)).toEqual(['append'])
    expect(late.protocol.describe()).toMatchObject({ lastPosition: 6 })
  })

  test('D37: what is kept for it is bounded; beyond, it is offered the newer one', () => {
    const { leader, near, late } = apart()
    heartbeat(leader)
    deliver(leader, late)
    const image = leader.images.get(4)!
    for (let large = 0; large < 5; large += 1) {
      leader.step({ kind: 'propose', token: token(large), command: new Uint8Array(1024 * 1024) })
    }
    leader.persist()
    agree(leader, near)
    leader.saved(leader.checkpoint()!)
    leader.persist()
    leader.takeSent()
    late.takeSent()
    late.fetched(image)
    late.persist()
    late.run()
    deliver(late, leader)
    heartbeat(leader)
    expect(deliver(leader, late)).toEqual(['append', 'offer'])
    expect(late.fetching?.meta.position).toBe(9)
  })

  test('9.11: that could not fetch it takes the next offer', () => {
    const { leader, near, late } = apart()
    heartbeat(leader)
    deliver(leader, late)
    agree(leader, near, 5)
    leader.saved(leader.checkpoint()!)
    heartbeat(leader)
    late.takeSent()
    late.fetched(null)
    expect(late.fetching).toBeNull()
    heartbeat(leader)
    deliver(leader, late)
    expect(late.fetching?.meta.position).toBe(5)
  })
})

describe('a follower', () => {
  test('asks for one snapshot at a time', () => {
    const follower = memberOf('n2')
    follower.step(offer(5), offer(5), offer(7))
    expect(follower.fetching?.meta).toEqual(metaAt(5))
    follower.step({ kind: 'snapshotFailed', meta: metaAt(7) }, offer(7))
    expect(follower.fetching?.meta).toEqual(metaAt(5))
  })

  test('9.5: ignores offers from an install until the machine has it', () => {
    const follower = memberOf('n2')
    follower.step(offer(5))
    follower.fetched(imageAt(5))
    follower.step(offer(9), applied(4), offer(9))
    expect(follower.fetching).toBeNull()
    follower.persist()
    follower.run()
    follower.step(offer(9))
    expect(follower.fetching?.meta).toEqual(metaAt(9))
  })

  test('says where it is instead of fetching what it has', () => {
    const follower = memberOf('n2')
    follower.step(append(0, 0, 1, 2, 3), offer(3))
    expect(follower.fetching).toBeNull()
    follower.persist()
    expect(follower.takeSent().map(({ message }) => message)).toEqual([
      { kind: 'appendReply', last: 3 },
      { kind: 'appendReply', last: 3 },
    ])
  })

  test('takes offers from its leader alone, and the leader from nobody', () => {
    const follower = memberOf('n2')
    follower.step({ kind: 'receive', from: nodeId('n3'), message: { kind: 'offer', position: position(5) } })
    expect(follower.fetching).toBeNull()
    const leader = memberOf('n1')
    leader.step(offer(5))
    expect(leader.fetching).toBeNull()
  })

  test('Figure 13: keeps a log that has grown beyond the snapshot while it was fetched, through a restart too', () => {
    const follower = memberOf('n2')
    follower.step(offer(2), append(0, 1, 1, 2, 3))
    follower.persist()
    follower.fetched(imageAt(2))
    follower.persist()
    follower.run()
    expect(follower.machine).toEqual([1, 2])
    expect(follower.records).toBe(2)
    follower.step(append(3, 3))
    follower.run()
    expect(follower.machine).toEqual([1, 2, 3])
    follower.restart()
    expect(follower.protocol.describe()).toMatchObject({ lastPosition: 3, commit: 2 })
  })

  test('Figure 13: begins its log anew behind a snapshot that is ahead of it, and takes no entry in between', () => {
    const follower = memberOf('n2')
    follower.step(append(0, 1, 1, 2), offer(5))
    follower.persist()
    follower.fetched(imageAt(5))
    follower.step(append(2, 5, 3), append(5, 6, 6))
    follower.persist()
    follower.run()
    expect(follower.machine).toEqual([1, 2, 3, 4, 5, 6])
    follower.restart()
    expect(follower.protocol.describe()).toMatchObject({ lastPosition: 6, commit: 5 })
  })

  test('ignores an image that it has overtaken, or has not asked for', () => {
    const follower = memberOf('n2')
    follower.step(offer(2), append(0, 3, 1, 2, 3))
    follower.persist()
    follower.taken = []
    follower.fetched(imageAt(2))
    follower.step({ kind: 'snapshotFetched', meta: metaAt(9) })
    expect(follower.taken).toEqual([])
  })
})

describe('a journal', () => {
  const recovered = (at: number, ...records: readonly (readonly number[])[]) => {
    const recovery = protocol.recover({ ...startOf('n2', three), snapshot: at > 0 ? metaAt(at) : null })
    records.forEach((record, index) => recovery.record(sequence(40 + index), Uint8Array.from(record)))
    return recovery.finish()
  }
  const entry = (at: number) => [1, at, 0, 0, 0, 0, 0, 0, 0, 7]
  const keeps = (at: number) => [2, at, 0, 0, 0, 0, 0, 0, 0]
  const resets = (at: number) => [3, at, 0, 0, 0, 0, 0, 0, 0]

  test('9.1: skips what the snapshot stands for, and keeps what is above it', () => {
    const protocol = recovered(3, entry(2), keeps(1), entry(3), entry(4), keeps(3), entry(5))
    expect(protocol.describe()).toMatchObject({ lastPosition: 5, persisted: 5, commit: 3 })
    expect(protocol.takeReady().firstSequence).toBe(46)
  })

  test('that cannot be is refused, and says which record and what to do', () => {
    const corrupt = (say: string) => expect.objectContaining({ code: 'STORAGE_CORRUPT', message: say }) as Error
    const asks = '; restore this member from its peers'
    const says = (text: string) => corrupt(`record 40 of the journal cannot be used: ${text}${asks}`)
    expect(() => recovered(3, entry(5))).toThrow(says('entry 5 does not follow entry 3'))
    expect(() => recovered(0, entry(2))).toThrow(says('entry 2 does not follow entry 0'))
    expect(() => recovered(3, keeps(4))).toThrow(says('it names a snapshot at 4 that is not here'))
    expect(() => recovered(0, [9, 1, 0, 0, 0, 0, 0, 0, 0])).toThrow(says('9 is no kind of record'))
    expect(() => recovered(0, [1, 0, 0])).toThrow(/record 40/)
    expect(() => recovered(0, entry(1), entry(1))).toThrow(/record 41 .*entry 1 does not follow entry 1/)
    expect(() => recovered(3, entry(4), resets(3))).toThrow(/record 41 .*begins anew behind entries of before/)
  })
})
