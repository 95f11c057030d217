import type { FixedLeaderMessage } from '@quorate/conformance'
import {
  equalBytes,
  nodeId,
  position,
  ProtocolFormatError,
  seededRandom,
  token,
  type NodeId,
  type Random,
} from '@quorate/contracts'
import { expect, test } from 'vitest'
import { BareCore, command, founders, startOf } from './bare-core.js'
import { Member, protocol, valueOf, type Image } from './fixed-leader-member.js'

const members = founders('l1', 'n1', 'n2', 'n3')
const ids = members.map(({ id }) => id)
const voters = members.filter(({ role }) => role === 'voter').map(({ id }) => id)
const leader = nodeId('n1')
/** What the network remembers, or most of what is delivered would be old. */
const framesMax = 20

interface Frame {
  readonly from: NodeId
  readonly to: NodeId
  readonly message: FixedLeaderMessage
}

/** Four members, a network that loses, repeats, reorders and forgets one of them for a while; slow disks and machines. */
class World {
  readonly members = new Map(ids.map((id) => [id, new Member(startOf(id, members))]))
  /** What the leader has committed, by position from 1. */
  readonly acknowledged: number[] = []
  installs = 0
  #away: NodeId | null = null
  #frames: Frame[] = []
  #value = 0
  readonly #saving = new Map<NodeId, Image>()
  readonly #random: Random

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  member(id: NodeId): Member {
    return this.members.get(id)!
  }

  /** One random event. Returns what it did, for the message of a failure. */
  step(): string {
    const id = ids[this.#random.nextInt(ids.length)]!
    const event = this.#random.nextInt(30)
    this.#happen(event, id)
    this.#send()
    return `${id} event ${event}`
  }

  #happen(event: number, id: NodeId): void {
    const member = this.member(id)
    if (event < 5) member.persist(1 + this.#random.nextInt(12))
    else if (event < 8) this.member(event === 5 ? id : leader).step({ kind: 'tick', missed: this.#random.nextInt(5) })
    else if (event < 11) this.#propose()
    else if (event === 11) member.step({ kind: 'readBarrier', token: token(50_000 + (this.#value += 1)) })
    else if (event === 12 && this.#random.nextInt(3) === 0) this.#crash(id)
    else if (event < 16) member.run(1 + this.#random.nextInt(12))
    else if (event < 19) this.#save(event === 16 ? id : leader)
    else if (event < 21) for (const each of this.members.values()) this.#endFetch(each)
    else if (event === 21 && this.#random.nextInt(3) === 0) this.#away = this.#away || id === leader ? null : id
    else for (let frames = 3; frames > 0; frames -= 1) this.#deliver()
  }

  /** Nothing is lost any more, until nothing happens. */
  settle(): void {
    this.#away = null
    for (let round = 0; round < 40; round += 1) {
      for (const member of this.members.values()) {
        for (let ticks = 0; ticks < 5; ticks += 1) member.step({ kind: 'tick', missed: 0 })
        member.persist()
        if (member.fetching) this.#endFetch(member, 0)
        member.run()
        member.persist()
      }
      this.#send(0)
      for (const frame of this.#frames.splice(0)) this.#hand(frame)
    }
  }

  #propose(): void {
    this.#value += 1
    this.member(leader).step({ kind: 'propose', token: token(this.#value), command: command(this.#value) })
  }

  #crash(id: NodeId): void {
    this.member(id).restart()
    this.#saving.delete(id)
  }

  /** An image is taken, and some time later it is durable. */
  #save(id: NodeId): void {
    const image = this.#saving.get(id)
    const next = image ? null : this.member(id).checkpoint()
    this.#saving.delete(id)
    if (image) this.member(id).saved(image)
    else if (next) this.#saving.set(id, next)
  }

  #endFetch(member: Member, failures = 4): void {
    if (!member.fetching) return
    const { from, meta } = member.fetching
    const isFailing = failures > 0 && this.#random.nextInt(failures) === 0
    const image = isFailing ? null : (this.member(from).images.get(meta.position) ?? null)
    member.fetched(image)
    if (image) this.installs += 1
  }

  #send(loss = 3): void {
    for (const [from, member] of this.members) {
      for (const { to, message } of member.takeSent()) {
        if (this.#random.nextInt(10) >= loss) this.#frames.push({ from, to, message })
      }
    }
    if (loss > 0) this.#frames = this.#frames.slice(-framesMax)
  }

  #deliver(): void {
    const at = this.#random.nextInt(this.#frames.length + 1)
    const frame = this.#frames[at]
    if (!frame) return
    if (this.#random.nextInt(6) > 0) this.#frames.splice(at, 1)
    if (this.#away !== frame.to && this.#away !== frame.from) this.#hand(frame)
  }

  #hand({ from, to, message }: Frame): void {
    this.member(to).step({ kind: 'receive', from, message })
  }
}

function claim(holds: boolean, message: string): void {
  if (!holds) expect.fail(message)
}

function checkSafety(world: World, at: string): void {
  const { acknowledged } = world
  for (const id of [leader, ...ids]) {
    const member = world.member(id)
    for (const { position, command } of member.committed.splice(0)) {
      const value = valueOf(command!)
      if (id === leader && position === acknowledged.length + 1) acknowledged.push(value)
      claim(acknowledged[position - 1] === value, `${at}: ${id} delivers ${value} at ${position}`)
    }
    const isSame = member.machine.every((value, index) => value === acknowledged[index])
    claim(isSame, `${at}: ${id} is at ${member.machine.join(' ')} and not ${acknowledged.join(' ')}`)
    claim(member.durable.length >= member.machine.length, `${at}: ${id} applies what is not durable there`)
  }
  acknowledged.forEach((value, index) => {
    const copies = voters.filter((id) => world.member(id).durable[index] === value)
    claim(copies.length >= 2, `${at}: command ${value} is durable on ${copies.join()} only`)
  })
}

function guarded<Value>(at: string, run: () => Value): Value {
  try {
    return run()
  } catch (error) {
    throw new Error(`${at}: ${String(error)}`, { cause: error })
  }
}

test('under random loss, crashes and snapshots, with slow disks and machines, no acknowledged command is lost, reordered or repeated', () => {
  const reached = { acknowledged: 0, installs: 0, onSnapshot: 0 }
  for (let seed = 1; seed <= 40; seed += 1) {
    const world = new World(seed)
    for (let step = 1; step <= 1_000; step += 1) {
      const what = guarded(`seed ${seed}, step ${step}`, () => world.step())
      checkSafety(world, `seed ${seed}, step ${step}, ${what}`)
    }
    guarded(`seed ${seed}, at the end`, () => world.settle())
    checkSafety(world, `seed ${seed}, at the end`)
    const everything = world.member(leader).durable
    for (const [id, member] of world.members) {
      expect(member.machine, `seed ${seed}: ${id} at the end`).toEqual(everything)
      if (member.startsAt > 0) reached.onSnapshot += 1
    }
    reached.acknowledged += world.acknowledged.length
    reached.installs += world.installs
  }
  expect(reached.acknowledged).toBeGreaterThan(2_000)
  expect(reached.installs).toBeGreaterThan(40)
  expect(reached.onSnapshot).toBeGreaterThan(100)
})

test('equal inputs give equal outputs, also after the state was exported and imported in between', () => {
  let installs = 0
  for (let seed = 1; seed <= 6; seed += 1) {
    const [left, right] = [new World(seed), new World(seed)]
    for (let step = 1; step <= 1_000; step += 1) {
      left.step()
      right.step()
      const at = `seed ${seed}, step ${step}`
      for (const id of ids) {
        const [one, other] = [left.member(id).taken.splice(0), right.member(id).taken.splice(0)]
        if (one.length + other.length > 0) expect(other, `${at}, ${id}`).toEqual(one)
      }
      const id = ids[step % ids.length]!
      const state = left.member(id).protocol.exportState()
      claim(equalBytes(right.member(id).moveToCopy(), state), `${at}, ${id}: other bytes`)
      const again = right.member(id).protocol.exportState()
      claim(equalBytes(again, state), `${at}, ${id}: other bytes when imported`)
    }
    installs += left.installs
  }
  expect(installs).toBeGreaterThan(5)
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
  core.step({ kind: 'snapshotSaved', meta: core.protocol.snapshotMeta(position(1))! })
  remember()
  expect(states.size).toBe(6)
  expect(core.delivered).toEqual([1])
})

test('states that differ only in what is fetched, or installed, have other bytes', () => {
  const states = new Set<string>()
  const follower = new Member(startOf('n2', members))
  const remember = (): void => void states.add([...follower.protocol.exportState()].join())
  remember()
  follower.step({ kind: 'receive', from: leader, message: { kind: 'offer', position: position(5) } })
  remember()
  follower.fetched({ meta: follower.fetching!.meta, machine: [1, 2, 3, 4, 5] })
  follower.persist()
  remember()
  follower.run()
  remember()
  expect(states.size).toBe(4)
})

test('a state that is cut anywhere, or lengthened, is refused with ProtocolFormatError', () => {
  const world = new World(4711)
  for (let step = 1; step <= 400; step += 1) world.step()
  for (const id of ids) {
    const { protocol: core, start } = world.member(id)
    const state = core.exportState()
    for (let length = 0; length < state.length; length += 1) {
      expect(() => protocol.importState(state.subarray(0, length), start)).toThrow(ProtocolFormatError)
    }
    expect(() => protocol.importState(Uint8Array.of(...state, 0), start)).toThrow(ProtocolFormatError)
  }
})
