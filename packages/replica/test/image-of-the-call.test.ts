/** An image is that of the call: of what is replicated around the machine as of the machine, however long it is read. */
import {
  clusterTime,
  encodeEnvelope,
  position,
  seededRandom,
  type Envelope,
  type MachineModule,
  type Random,
} from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { defineMachine } from '@quorate/machine'
import { counter } from '@quorate/machine-counter'
import { kv } from '@quorate/machine-kv'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ClusterClock } from '../src/cluster-clock.js'
import { ReplicatedState, type Applied } from '../src/replicated-state.js'
import { encodeOpening } from '../src/sessions/opening.js'
import { bytesOfImage, sliceBytes } from './image-bytes.js'

/** Answers as large as it is told. */
const echo = defineMachine({
  name: 'echo',
  version: 1,
  initial: () => ({ said: [] as string[] }),
  commands: { say: { input: z.string(), apply: (state, text) => (state.said.push(text), text) } },
  queries: { said: { read: (state) => state.said.length } },
})

/** Commands of one machine, of about so many bytes each. */
interface Told {
  readonly machine: MachineModule
  readonly command: (at: number, bytes: number) => Uint8Array
}

const machines: readonly (readonly [string, Told])[] = [
  ['a machine that is held while it is read', { machine: echo, command: (at, bytes) => say(at, bytes) }],
  ['one that copies what changes', { machine: kv, command: (at, bytes) => putInto(at, bytes) }],
]

function say(at: number, bytes: number): Uint8Array {
  return echo.commands.say.encode(`${at}`.padEnd(bytes, 'x'))
}

function putInto(at: number, bytes: number): Uint8Array {
  return kv.commands.put.encode({ key: `key ${at % 500}`, value: `${at}`.padEnd(bytes, 'x') })
}

/** A state, and whoever gives it commands: the same dice give the same commands. */
class Life {
  readonly state: ReplicatedState
  readonly #told: Told
  readonly #random: Random
  readonly #sessions: { readonly id: number; readonly nonce: Uint8Array; last: number; lowest: number }[] = []
  #at = 0
  #now = 0

  constructor(told: Told, seed: string) {
    this.#told = told
    this.#random = seededRandom(seed)
    this.state = new ReplicatedState(told.machine.create(), new ClusterClock(nodeEnvironment()))
  }

  /** Opens a session that ends soon, or late. */
  open(timeoutMs: number): void {
    const nonce = Uint8Array.from({ length: 16 }, (_, each) => (each === 0 ? this.#at : this.#random.nextInt(256)))
    const command = encodeOpening({ owner: 'caller', timeoutMs })
    const outcome = this.apply({ kind: 'openSession', sessionNonce: nonce, command })
    if (outcome?.kind !== 'opened' || outcome.id === null) return
    this.#sessions.push({ id: outcome.id, nonce, last: 0, lowest: 1 })
  }

  /** A command of one of its sessions, which acknowledges earlier ones or does not. */
  command(bytes: number): void {
    if (this.#sessions.length === 0) return
    const session = this.#sessions[this.#random.nextInt(this.#sessions.length)]
    if (!session) return
    session.last += 1
    if (this.#random.nextInt(4) === 0) session.lowest += this.#random.nextInt(session.last - session.lowest + 1)
    this.apply({
      ...{ session: position(session.id), sessionNonce: session.nonce, sessionSequence: session.last },
      lowestUnacknowledged: session.lowest,
      command: this.#told.command(this.#at, bytes),
    })
  }

  /** Time passes, and sessions end. */
  clock(ms: number): void {
    this.#now += ms
    this.apply({ kind: 'clock' })
  }

  apply(differs: Partial<Envelope>): Applied | null {
    this.#at += 1
    const { codec, version } = this.#told.machine
    const envelope = encodeEnvelope({
      ...{ kind: 'command', codec, machineVersion: version, wallMs: 1_000 + this.#now },
      ...{ clusterTime: clusterTime(this.#now), session: position(0), sessionSequence: 0, lowestUnacknowledged: 1 },
      ...{ cluster: new Uint8Array(16), sessionNonce: new Uint8Array(16), command: new Uint8Array(), ...differs },
    })
    return this.state.apply(envelope, position(this.#at))
  }
}

/** Its table fills some slices of an image, and so does its machine. */
function busyLife(told: Told, seed: string): Life {
  const life = new Life(told, seed)
  for (let each = 0; each < 10; each += 1) life.open(each % 2 === 0 ? 500 : 300_000)
  for (let each = 0; each < 150; each += 1) life.command(5_000)
  return life
}

describe.each(machines)('%s', (_, told) => {
  const isHeld = told.machine.create().snapshotHoldsApply

  test('the bytes of an image are those of the call, also if sessions come, go and answer while it is read', async () => {
    const [life, still] = [busyLife(told, 'one'), busyLife(told, 'one')]
    const { answers, bytes } = life.state.sessions.load
    expect(answers).toBeGreaterThan(10)
    if (told.machine === echo) expect(bytes).toBeGreaterThan(sliceBytes)
    const expected = await bytesOfImage(still.state.image())
    const image = life.state.image()
    let slices = 0
    const goOn = (): void => {
      slices += 1
      life.open(1_000)
      life.clock(100)
      if (!isHeld) for (let each = 0; each < 5; each += 1) life.command(3_000)
    }
    goOn()
    expect(Buffer.compare(await bytesOfImage(image, goOn), expected)).toBe(0)
    expect(slices).toBeGreaterThan(2)
    expect(Buffer.compare(await bytesOfImage(life.state.image()), expected)).not.toBe(0)
  })

  test('a restored state counts what the live one counts, and decides what follows like it', async () => {
    for (const seed of ['two']) {
      const [life, follower] = [busyLife(told, seed), busyLife(told, seed)]
      const restored = new ReplicatedState(told.machine.create(), new ClusterClock(nodeEnvironment()))
      for (const ms of [0, 400, 200, 600]) {
        life.clock(ms)
        follower.clock(ms)
        await restored.restore(life.state.image())
        expect(restored.sessions.load).toEqual(life.state.sessions.load)
        expect(restored.nextDeadline()).toBe(life.state.nextDeadline())
        expect(restored.clock.applied).toEqual(life.state.clock.applied)
        expect(Buffer.compare(await bytesOfImage(restored.image()), await bytesOfImage(life.state.image()))).toBe(0)
        // From here on the restored one stands in for the one that was never restored.
        Reflect.set(life, 'state', restored)
        for (let each = 0; each < 20; each += 1) {
          life.command(1_000)
          follower.command(1_000)
        }
        expect(restored.sessions.load).toEqual(follower.state.sessions.load)
        expect(Buffer.compare(await bytesOfImage(restored.image()), await bytesOfImage(follower.state.image()))).toBe(0)
      }
      expect(restored.sessions.size).toBeLessThan(10)
    }
  })
})

test('what a table counts is what it holds, after whatever has happened', () => {
  const random = seededRandom('counts')
  const life = new Life({ machine: counter, command: () => counter.commands.add.encode({ by: 1 }) }, 'counts')
  for (let each = 0; each < 1_000; each += 1) {
    const what = random.nextInt(20)
    if (what === 0) life.open(random.nextInt(2) === 0 ? 100 : 2_000)
    else if (what === 1) life.clock(random.nextInt(60))
    else life.command(1)
    if (each % 10 !== 0) continue
    const { sessions } = life.state
    const held = sessions.all().flatMap(({ results }) => [...results.values()])
    const bytes = held.reduce((sum, { result }) => sum + result.length + 21, 0)
    expect(sessions.load).toEqual({ sessions: sessions.all().length, answers: held.length, bytes })
    for (const { results, resultBytes } of sessions.all()) {
      expect(resultBytes).toBe([...results.values()].reduce((sum, { result }) => sum + result.length, 0))
    }
    const deadlines = sessions.all().map(({ lastActive, timeoutMs }) => lastActive + timeoutMs)
    expect(sessions.nextDeadline()).toBe(deadlines.length === 0 ? null : Math.min(...deadlines))
  }
})
