import { fixedLeader, type FixedLeaderMessage } from '@quorate/conformance'
import { InvariantViolation, ProtocolFormatError, nodeId, position, token } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { BareCore, command, founders, startOf } from './bare-core.js'

const protocol = fixedLeader({ leader: nodeId('n1') })
const three = founders('n1', 'n2', 'n3')

function coreOf(id: string, members = three): BareCore<FixedLeaderMessage> {
  const core = new BareCore(protocol, startOf(id, members))
  core.take()
  core.persist()
  core.takeSent()
  return core
}

/** Hands over what was sent, as bytes. */
function deliver(from: BareCore<FixedLeaderMessage>, ...receivers: readonly BareCore<FixedLeaderMessage>[]): void {
  for (const { to, message } of from.takeSent()) {
    const receiver = receivers.find(({ start }) => start.self === to)
    receiver?.step({ kind: 'receive', from: from.start.self, message: protocol.decode(protocol.encode(message, 0)) })
  }
}

describe('the leader', () => {
  test('commits what a majority has durably, its own disk included, and nothing earlier', () => {
    const [leader, follower] = [coreOf('n1'), coreOf('n2')]
    leader.propose(1)
    leader.persist()
    expect(leader.delivered, 'only its own disk').toEqual([])
    deliver(leader, follower)
    deliver(follower, leader)
    expect(leader.delivered, 'before the follower has it durably').toEqual([])
    follower.persist()
    deliver(follower, leader)
    expect(leader.committed).toEqual([{ position: 1, epoch: 1, token: 1, command: command(1) }])
  })

  test('9.3: sends entries in lane two, after its own disk has them', () => {
    const leader = coreOf('n1')
    const [ready] = leader.propose(1)
    expect(ready?.messages).toEqual([])
    expect(ready?.messagesAfterPersist.map(({ to }) => to)).toEqual(['n2', 'n3'])
    expect(leader.takeSent()).toEqual([])
    leader.persist()
    expect(leader.takeSent()).toHaveLength(2)
  })

  test('order 7.2: hands nothing to its machine before its own disk has it, though a majority does', () => {
    const [leader, follower, third] = [coreOf('n1'), coreOf('n2'), coreOf('n3')]
    leader.propose(1)
    leader.persist()
    deliver(leader, follower, third)
    leader.propose(2)
    for (const core of [follower, third]) {
      core.persist()
      // As if a second entry had reached them: the leader is still writing it.
      core.takeSent()
      const message = { kind: 'appendReply', last: position(2) } as const
      leader.step({ kind: 'receive', from: core.start.self, message })
    }
    expect(leader.delivered).toEqual([1])
    leader.persist()
    expect(leader.delivered).toEqual([1, 2])
  })

  test('does not count learners', () => {
    const members = founders('l1', 'l2', 'n1', 'n2', 'n3')
    const [leader, learner, other, follower] = ['n1', 'l1', 'l2', 'n2'].map((id) => coreOf(id, members))
    leader!.propose(1)
    leader!.persist()
    deliver(leader!, learner!, other!, follower!)
    for (const core of [learner!, other!]) {
      core.persist()
      deliver(core, leader!)
    }
    expect(leader!.delivered).toEqual([])
    follower!.persist()
    deliver(follower!, leader!)
    expect(leader!.delivered).toEqual([1])
  })

  test('alone is its own majority', () => {
    const leader = coreOf('n1', founders('n1'))
    leader.propose(1)
    expect(leader.delivered).toEqual([])
    leader.persist()
    expect(leader.delivered).toEqual([1])
  })

  test('sends again at a heartbeat what was lost', () => {
    const [leader, follower] = [coreOf('n1'), coreOf('n2')]
    leader.propose(1)
    leader.persist()
    leader.takeSent()
    for (let ticks = 0; ticks < 5; ticks += 1) leader.step({ kind: 'tick', missed: 0 })
    leader.persist()
    deliver(leader, follower)
    follower.persist()
    deliver(follower, leader)
    expect(leader.delivered).toEqual([1])
  })

  test('puts no more than about 1 MiB into one message, and a larger command alone', () => {
    const leader = coreOf('n1')
    const large = [700_000, 700_000, 10, 3_000_000, 20].map((length) => new Uint8Array(length))
    large.forEach((bytes, at) => leader.step({ kind: 'propose', token: token(at), command: bytes }))
    leader.persist()
    leader.takeSent()
    for (let ticks = 0; ticks < 5; ticks += 1) leader.step({ kind: 'tick', missed: 0 })
    leader.persist()
    const sent = leader.takeSent().filter(({ to }) => to === 'n2')
    const lengths = sent.map(({ message }) =>
      message.kind === 'append' ? message.commands.map(({ length }) => length) : [],
    )
    expect(lengths).toEqual([[700_000], [700_000, 10], [3_000_000], [20]])
  })

  test('counts nobody who claims more than it ever wrote', () => {
    const leader = coreOf('n1')
    leader.propose(1)
    leader.persist()
    leader.step({ kind: 'receive', from: nodeId('n2'), message: { kind: 'appendReply', last: position(7) } })
    leader.step({ kind: 'receive', from: nodeId('x9'), message: { kind: 'appendReply', last: position(1) } })
    expect(leader.delivered).toEqual([])
  })

  test('answers a read at its commit, and after a restart not before what it acknowledged is committed again', () => {
    const [leader, follower] = [coreOf('n1'), coreOf('n2')]
    leader.propose(1)
    leader.persist()
    deliver(leader, follower)
    follower.persist()
    deliver(follower, leader)
    const [ready] = leader.step({ kind: 'readBarrier', token: token(5) })
    expect(ready?.reads).toEqual([{ token: 5, position: 1, validUntilTick: null }])
    leader.restart()
    leader.take()
    expect(leader.delivered).toEqual([])
    expect(leader.step({ kind: 'readBarrier', token: token(6) })).toEqual([])
    for (let ticks = 0; ticks < 5; ticks += 1) leader.step({ kind: 'tick', missed: 0 })
    leader.persist()
    deliver(leader, follower)
    follower.persist()
    deliver(follower, leader)
    expect(leader.delivered).toEqual([1])
    expect(leader.readys.at(-1)?.reads).toEqual([{ token: 6, position: 1, validUntilTick: null }])
  })
})

describe('a follower', () => {
  const append = (previous: number, commit: number, ...values: readonly number[]): FixedLeaderMessage => {
    return { kind: 'append', previous: position(previous), commit: position(commit), commands: values.map(command) }
  }
  const from = nodeId('n1')

  test('F-39: its reply to a duplicate waits, in lane two of a Ready without records, for what is being written', () => {
    const follower = coreOf('n2')
    follower.step({ kind: 'receive', from, message: append(0, 0, 1) })
    const [second] = follower.step({ kind: 'receive', from, message: append(0, 0, 1) })
    expect(second?.records).toEqual([])
    expect(second?.messages).toEqual([])
    expect(second?.messagesAfterPersist).toEqual([
      { to: 'n1', channel: 'log', message: { kind: 'appendReply', last: 1 } },
    ])
    expect(second?.firstSequence).toBe(2)
    expect(follower.takeSent()).toEqual([])
    follower.persist()
    expect(follower.takeSent()).toHaveLength(2)
  })

  test('order 7.2: hands over what is committed once its own disk has it', () => {
    const follower = coreOf('n2')
    follower.step({ kind: 'receive', from, message: append(0, 1, 1) })
    expect(follower.delivered).toEqual([])
    follower.persist()
    expect(follower.committed).toEqual([{ position: 1, epoch: 1, token: null, command: command(1) }])
  })

  test('F-15: believes a commit no further than the message vouches for its entries', () => {
    const follower = coreOf('n2')
    follower.step({ kind: 'receive', from, message: append(0, 0, 1, 2, 3) })
    follower.persist()
    follower.step({ kind: 'receive', from, message: append(1, 3) })
    expect(follower.delivered).toEqual([1])
    follower.step({ kind: 'receive', from, message: append(2, 3, 3) })
    expect(follower.delivered).toEqual([1, 2, 3])
  })

  test('takes nothing behind a gap, and says how far it is', () => {
    const follower = coreOf('n2')
    const [ready] = follower.step({ kind: 'receive', from, message: append(4, 5, 5) })
    expect(ready?.records).toEqual([])
    expect(ready?.messagesAfterPersist).toMatchObject([{ message: { kind: 'appendReply', last: 0 } }])
    expect(follower.delivered).toEqual([])
  })

  test('takes entries from its leader alone', () => {
    const follower = coreOf('n2')
    expect(follower.step({ kind: 'receive', from: nodeId('n3'), message: append(0, 1, 1) })).toEqual([])
  })

  test('D8: refuses commands and reads, and says who leads', () => {
    const follower = coreOf('n2')
    const [ready] = follower.step(
      { kind: 'propose', token: token(1), command: command(1) },
      { kind: 'readBarrier', token: token(2) },
      { kind: 'transfer', token: token(3), to: null },
    )
    expect(ready?.records).toEqual([])
    expect(ready?.settled).toMatchObject([
      { token: 1, result: { kind: 'refused', reason: 'notLeader', leader: 'n1' } },
      { token: 2, result: { kind: 'refused', reason: 'notLeader', leader: 'n1' } },
      { token: 3, result: { kind: 'refused', reason: 'unsupported', leader: 'n1' } },
    ])
  })

  test('starts again with what was durable, and is told what of it is committed', () => {
    const follower = coreOf('n2')
    follower.step({ kind: 'receive', from, message: append(0, 2, 1, 2) })
    follower.persist()
    follower.step({ kind: 'receive', from, message: append(2, 3, 3) })
    follower.restart()
    follower.take()
    expect(follower.delivered).toEqual([])
    const [ready] = follower.step({ kind: 'receive', from, message: append(2, 2) })
    expect(follower.delivered).toEqual([1, 2])
    expect(ready?.firstSequence).toBe(3)
    expect(ready?.messagesAfterPersist).toMatchObject([{ message: { kind: 'appendReply', last: 2 } }])
  })
})

describe('the words of its members', () => {
  const messages: FixedLeaderMessage[] = [
    { kind: 'appendReply', last: position(2 ** 53 - 1) },
    { kind: 'offer', position: position(2 ** 53 - 1) },
    { kind: 'append', previous: position(0), commit: position(0), commands: [] },
    { kind: 'append', previous: position(7), commit: position(2 ** 40), commands: [new Uint8Array(), command(3)] },
  ]

  test('come back as they were written, behind what the driver keeps for itself', () => {
    for (const message of messages) {
      const bytes = protocol.encode(message, 3)
      expect([...bytes.subarray(0, 3)]).toEqual([0, 0, 0])
      expect(protocol.decode(bytes.subarray(3))).toEqual(message)
    }
  })

  test('F-38: cut anywhere, lengthened, or of an unknown kind, they are refused with ProtocolFormatError', () => {
    for (const message of messages) {
      const bytes = protocol.encode(message, 0)
      for (let length = 0; length < bytes.length; length += 1) {
        expect(() => protocol.decode(bytes.subarray(0, length))).toThrow(ProtocolFormatError)
      }
      expect(() => protocol.decode(Uint8Array.of(...bytes, 0))).toThrow(ProtocolFormatError)
      expect(() => protocol.decode(Uint8Array.of(9, ...bytes.subarray(1)))).toThrow(ProtocolFormatError)
    }
    expect(() => protocol.decode(Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0))).toThrow(ProtocolFormatError)
  })
})

test('its leader has to be a voting member', () => {
  expect(() => fixedLeader({ leader: nodeId('l1') }).recover(startOf('n1', founders('l1', 'n1')))).toThrow(
    InvariantViolation,
  )
  expect(() => protocol.recover(startOf('n2', founders('n2', 'n3')))).toThrow(InvariantViolation)
})
