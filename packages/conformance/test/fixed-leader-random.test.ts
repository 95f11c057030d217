import { fixedLeader, type FixedLeaderMessage } from '@quorate/conformance'
import { nodeId, position, seededRandom, token, type NodeId, type Random } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { BareCore, founders, startOf, withoutSeq } from './bare-core.js'

const members = founders('l1', 'n1', 'n2', 'n3')
const voters = members.filter(({ role }) => role === 'voter').map(({ id }) => id)
const protocol = fixedLeader({ leader: nodeId('n1') })

interface Frame {
  readonly from: NodeId
  readonly to: NodeId
  readonly message: FixedLeaderMessage
}

/** Four bare members, a network that loses, repeats and reorders, and disks that are slow. */
class World {
  readonly cores = new Map(members.map(({ id }) => [id, new BareCore(protocol, startOf(id, members))]))
  acknowledged: number[] = []
  #frames: Frame[] = []
  #value = 0
  readonly #random: Random

  constructor(seed: number) {
    this.#random = seededRandom(seed)
    for (const core of this.cores.values()) core.take()
  }

  core(id: NodeId): BareCore<FixedLeaderMessage> {
    return this.cores.get(id)!
  }

  /** One random event. Returns what it did, for the message of a failure. */
  step(): string {
    const { id } = members[this.#random.nextInt(members.length)]!
    const core = this.core(id)
    const event = this.#random.nextInt(20)
    if (event < 4) core.persist(1 + this.#random.nextInt(2))
    else if (event < 6) core.step({ kind: 'tick', missed: this.#random.nextInt(2) })
    else if (event < 9) this.core(nodeId('n1')).propose((this.#value += 1))
    else if (event === 9) core.step({ kind: 'readBarrier', token: token(50_000 + (this.#value += 1)) })
    else if (event === 10 && this.#random.nextInt(4) === 0) {
      core.restart()
      core.take()
    } else this.#deliver()
    this.#send()
    return `${id} event ${event}`
  }

  /** Nothing is lost any more, until nothing happens. */
  settle(): void {
    for (let round = 0; round < 30; round += 1) {
      for (const core of this.cores.values()) {
        for (let ticks = 0; ticks < 5; ticks += 1) core.step({ kind: 'tick', missed: 0 })
        core.persist()
      }
      this.#send(0)
      for (const { from, to, message } of this.#frames.splice(0)) this.core(to).step({ kind: 'receive', from, message })
    }
  }

  #send(loss = 3): void {
    for (const [from, core] of this.cores) {
      for (const { to, message } of core.takeSent()) {
        if (this.#random.nextInt(10) >= loss) this.#frames.push({ from, to, message })
      }
    }
  }

  #deliver(): void {
    const at = this.#random.nextInt(this.#frames.length + 1)
    const frame = this.#frames[at]
    if (!frame) return
    if (this.#random.nextInt(6) > 0) this.#frames.splice(at, 1)
    this.core(frame.to).step({ kind: 'receive', from: frame.from, message: frame.message })
  }
}

function claim(holds: boolean, message: string): void {
  if (!holds) expect.fail(message)
}

function checkSafety(world: World, at: string): void {
  const leader = world.core(nodeId('n1'))
  if (leader.delivered.length > world.acknowledged.length) world.acknowledged = leader.delivered
  const { acknowledged } = world
  for (const [id, core] of world.cores) {
    const { delivered } = core
    claim(delivered.length <= acknowledged.length, `${at}: ${id} delivers what no leader acknowledged`)
    const isSame = delivered.every((value, index) => value === acknowledged[index])
    claim(isSame, `${at}: ${id} delivers ${delivered.join(' ')} and not ${acknowledged.join(' ')}`)
    claim(core.disk.length >= delivered.length, `${at}: ${id} delivers what is not durable there`)
    for (const ready of core.readys.splice(0)) claim(ready.messages.length === 0, `${at}: ${id} uses lane one`)
  }
  acknowledged.forEach((value, index) => {
    const copies = voters.filter((id) => {
      const record = world.core(id).disk[index]
      return record?.[0] === value >>> 8 && record[1] === (value & 0xff)
    })
    claim(copies.length >= 2, `${at}: command ${value} is durable on ${copies.join()} only`)
  })
}

test('under random loss, repetition, slow disks and crashes no acknowledged command is lost, reordered or repeated', () => {
  let acknowledged = 0
  for (let seed = 1; seed <= 60; seed += 1) {
    const world = new World(seed)
    for (let step = 1; step <= 300; step += 1) {
      const what = world.step()
      checkSafety(world, `seed ${seed}, step ${step}, ${what}`)
    }
    world.settle()
    checkSafety(world, `seed ${seed}, at the end`)
    const everything = world.core(nodeId('n1')).disk.length
    for (const [id, core] of world.cores) expect(core.delivered, `seed ${seed}: ${id}`).toHaveLength(everything)
    acknowledged += world.acknowledged.length
  }
  expect(acknowledged).toBeGreaterThan(1_000)
})

test('equal inputs give equal outputs, also after the state was exported and imported in between', () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const [left, right] = [new World(seed), new World(seed)]
    for (let step = 1; step <= 150; step += 1) {
      left.step()
      right.step()
      for (const { id } of members) {
        const [one, other] = [left.core(id), right.core(id)]
        const at = `seed ${seed}, step ${step}, ${id}`
        expect(withoutSeq(other.readys.splice(0)), at).toEqual(withoutSeq(one.readys.splice(0)))
        const state = one.protocol.exportState()
        expect(other.protocol.exportState(), at).toEqual(state)
        other.protocol = protocol.importState(state, other.start)
        expect(other.protocol.exportState(), at).toEqual(state)
      }
    }
  }
})

test('states that differ have other bytes', () => {
  const states = new Set<string>()
  const core = new BareCore(protocol, startOf('n1', members))
  const remember = (): void => void states.add([...core.protocol.exportState()].join())
  core.take()
  remember()
  core.step({ kind: 'tick', missed: 0 })
  remember()
  core.propose(1)
  remember()
  core.persist()
  remember()
  core.step({ kind: 'receive', from: nodeId('n2'), message: { kind: 'appendReply', last: position(1) } })
  remember()
  expect(states.size).toBe(5)
  expect(core.delivered).toEqual([1])
})
