import { solo } from '@quorate/conformance'
import { InvariantViolation, ProtocolFormatError, position, seededRandom, token } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { BareCore, command, founders, randomInput, startOf, withoutSeq } from './bare-core.js'

const alone = () => new BareCore(solo(), startOf('n1', founders('n1')))

test('order 7.2: a command is handed to the machine when its record is durable, and not before', () => {
  const core = alone()
  core.propose(1)
  core.propose(2)
  expect(core.committed).toEqual([])
  core.persist(1)
  expect(core.committed).toEqual([{ position: position(1), epoch: 1, token: token(1), command: command(1) }])
  core.persist()
  expect(core.delivered).toEqual([1, 2])
  expect(core.committed.map(({ position }) => position)).toEqual([1, 2])
})

test('says once who leads and who belongs to it', () => {
  const core = alone()
  const [first] = core.take()
  expect(first).toMatchObject({ leadership: { leader: 'n1', epoch: 1 }, members: [{ id: 'n1' }], firstSequence: 1 })
  const [second] = core.propose(1)
  expect(second).toMatchObject({ leadership: null, members: null, firstSequence: 1, records: [command(1)] })
  const [third] = core.persist()
  expect(third).toMatchObject({ firstSequence: 2, records: [] })
  expect(core.protocol.hasReady()).toBe(false)
})

test('a read is answered at the last durable position, above which nothing was acknowledged', () => {
  const core = alone()
  core.propose(1)
  core.persist()
  core.propose(2)
  const [ready] = core.step({ kind: 'readBarrier', token: token(9) })
  expect(ready?.reads).toEqual([{ token: 9, position: 1, validUntilTick: null }])
})

test('what needs other members is refused as unsupported', () => {
  const core = alone()
  core.take()
  const [ready] = core.step(
    { kind: 'transfer', token: token(1), to: null },
    { kind: 'changeMembers', token: token(2), members: founders('n1', 'n2'), ifVersion: null },
  )
  expect(ready?.settled).toMatchObject([
    { token: 1, result: { kind: 'refused', reason: 'unsupported', leader: 'n1' } },
    { token: 2, result: { kind: 'refused', reason: 'unsupported', leader: 'n1' } },
  ])
})

test('a restart delivers again what was durable, without a word of persistence, and goes on behind it', () => {
  const core = alone()
  core.propose(1)
  core.persist()
  core.propose(2)
  core.restart()
  core.take()
  expect(core.committed).toEqual([{ position: 1, epoch: 1, token: null, command: command(1) }])
  const [ready] = core.propose(3)
  expect(ready?.firstSequence).toBe(2)
  core.persist()
  expect(core.delivered).toEqual([1, 3])
})

test('equal inputs give equal outputs, also after its state was exported and imported in between', () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const random = seededRandom(seed)
    const [left, right] = [alone(), alone()]
    for (let step = 1; step <= 40; step += 1) {
      const input = randomInput(random, step)
      const persists = random.nextInt(3) === 0
      const [outputs, others] = [left, right].map((core) => [...core.step(input), ...(persists ? core.persist() : [])])
      const at = `seed ${seed}, step ${step}`
      expect(withoutSeq(others), at).toEqual(withoutSeq(outputs))
      const state = left.protocol.exportState()
      expect(right.protocol.exportState(), at).toEqual(state)
      right.protocol = solo().importState(state, right.start)
      expect(right.protocol.exportState(), at).toEqual(state)
    }
  }
})

test('states that differ in what is durable have other bytes', () => {
  const [left, right] = [alone(), alone()]
  for (const core of [left, right]) core.propose(1)
  left.persist()
  expect(left.protocol.exportState()).not.toEqual(right.protocol.exportState())
})

test('is one member, and speaks to nobody', () => {
  expect(() => solo().recover(startOf('n1', founders('n1', 'n2')))).toThrow(InvariantViolation)
  expect(() => solo().decode(Uint8Array.of(1))).toThrow(ProtocolFormatError)
  expect(() => solo().decodeAdmin(Uint8Array.of(1))).toThrow(ProtocolFormatError)
  expect(() => solo().importState(Uint8Array.of(1), startOf('n1', founders('n1')))).toThrow(ProtocolFormatError)
})
