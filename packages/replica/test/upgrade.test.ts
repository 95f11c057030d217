import {
  clusterTime,
  encodeEnvelope,
  position,
  QuorateError,
  type Envelope,
  type MachineModule,
  type Storage,
} from '@quorate/contracts'
import { virtualTime } from '@quorate/conformance'
import { nodeEnvironment } from '@quorate/contracts/node'
import { defineMachine } from '@quorate/machine'
import { raft } from '@quorate/raft'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ClusterClock } from '../src/cluster-clock.js'
import { createReplica, type Replica } from '../src/index.js'
import type { Proposal } from '../src/proposal.js'
import { ReplicatedState } from '../src/replicated-state.js'
import { encodeOpening } from '../src/sessions/opening.js'
import { encodeVersions } from '../src/versions/version-list.js'
import { whyUnfit } from '../src/versions/vetting.js'

interface Shop {
  n: number
  gifts?: number
  at?: number
}

const add = { input: z.object({ by: z.int() }), apply: (state: Shop, { by }: { by: number }) => (state.n += by) }
const give = { since: 2, apply: (state: Shop) => (state.gifts = (state.gifts ?? NaN) + 1) }
const common = { name: 'shop', initial: (): Shop => ({ n: 0 }), queries: { all: { read: (state: Shop) => state } } }
const first = defineMachine({ ...common, version: 1, commands: { add } })
const second = defineMachine({
  ...common,
  version: 2,
  commands: { add, give },
  migrate: (state) => ({ ...state, gifts: 0, at: state.n }),
})
const third = defineMachine({
  ...common,
  version: 3,
  commands: { add, give, lose: { since: 3, apply: (state: Shop) => (state.gifts = 0) } },
  migrate: (state, from) => (from === 1 ? { ...state, gifts: 0, at: state.n } : { ...state, gifts: 100 }),
})

const ids = ['n1', 'n2', 'n3'] as const
type Id = (typeof ids)[number]
type Shops = typeof first | typeof second

/** Three shops in virtual time, each of whatever release. */
class Mall {
  readonly time = virtualTime({ settled: turn })
  readonly hub = memoryHub({ environment: this.time.environment })
  readonly disks = new Map<Id, Storage>(ids.map((id) => [id, memoryStorage()]))
  readonly running = new Map<Id, Replica<typeof second>>()
  readonly stopped = new Map<Id, string>()

  async during<Value>(work: Promise<Value>): Promise<Value> {
    let isSettled = false
    const settle = (): void => void (isSettled = true)
    work.then(settle, settle)
    if (!(await this.time.until(() => isSettled, 60_000))) throw new Error('nothing came of it within a minute')
    return work
  }

  async start(id: Id, machine: Shops, snapshotEveryEntries = 10_000): Promise<Replica<typeof second>> {
    const replica = await this.during(
      createReplica({
        id,
        members: Object.fromEntries(ids.map((each) => [each, `${each}:1`])),
        machine: machine as typeof second,
        protocol: raft(),
        transport: memoryTransport({ hub: this.hub }),
        storage: this.disks.get(id) ?? memoryStorage(),
        environment: this.time.environment,
        snapshotEveryEntries,
      }),
    )
    replica.on('stopped', ({ reason }) => void (reason && this.stopped.set(id, reason.message)))
    this.running.set(id, replica)
    return replica
  }

  async deploy(id: Id, machine: Shops): Promise<Replica<typeof second>> {
    const running = this.running.get(id)
    if (running) await this.during(running.close())
    return this.start(id, machine)
  }

  async pause(ms: number): Promise<void> {
    await this.during(new Promise<void>((resolve) => void this.time.environment.setTimer(ms, resolve)))
  }

  async activeVersions(): Promise<number[]> {
    const statuses = await Promise.all([...this.running.values()].map((replica) => replica.status()))
    return statuses.map(({ machine }) => machine.activeVersion)
  }

  async untilActive(version: number): Promise<void> {
    while ((await this.activeVersions()).some((active) => active !== version)) await this.pause(10)
  }

  async digests(): Promise<Set<string | undefined>> {
    const statuses = await this.during(
      Promise.all([...this.running.values()].map((replica) => replica.status({ digest: true }))),
    )
    return new Set(statuses.map(({ digest }) => digest?.sha256))
  }

  async close(): Promise<void> {
    await this.during(Promise.all([...this.running.values()].map((replica) => replica.close())))
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: unknown) => (error instanceof QuorateError ? `${error.code} ${error.outcome}` : String(error)),
  )
}

test('D26: the first member that was upgraded leads, and nobody is stopped; new commands wait for the last one', async () => {
  const mall = new Mall()
  for (const id of ids) await mall.start(id, first)
  expect(await mall.during(mall.running.get('n2')!.commands.add({ by: 1 }))).toBe(1)
  const n1 = await mall.deploy('n1', second)
  await mall.pause(1_000)
  await mall.during(n1.transferLeadership(n1.id))
  expect(await mall.during(mall.running.get('n2')!.commands.add({ by: 1 }))).toBe(2)
  const refused = await mall.during(n1.commands.give().catch((error: unknown) => error))
  expect(refused).toMatchObject({
    code: 'VERSION_NOT_ACTIVE',
    outcome: 'notDone',
    message: expect.stringContaining('upgrade n2 (version 1), n3 (version 1)') as string,
  })
  expect(await codeOf(mall.during(mall.running.get('n2')!.propose(second.commands.give.encode())))).toBe(
    'INVALID_COMMAND notDone',
  )
  await mall.deploy('n2', second)
  expect(await mall.during(n1.commands.add({ by: 1 }))).toBe(3)
  expect(await mall.activeVersions()).toEqual([1, 1, 1])
  await mall.deploy('n3', second)
  await mall.untilActive(2)
  for (const [at, replica] of [...mall.running.values()].entries()) {
    expect(await mall.during(replica.commands.give())).toBe(at + 1)
  }
  expect(await mall.during(n1.queries.all())).toEqual({ n: 3, gifts: 3, at: 3 })
  const { versions, machine, peers } = await n1.status()
  expect(machine).toEqual({ name: 'shop', version: 2, activeVersion: 2 })
  expect(versions.active).toEqual({ machine: 2 })
  expect(peers.map(({ supports }) => supports?.['machine'])).toEqual([2, 2])
  await mall.pause(500)
  expect((await mall.digests()).size).toBe(1)
  expect([...mall.stopped]).toEqual([])
  await mall.close()
})

test('D26: while a member is away nothing is activated, whatever it said before it went', async () => {
  const mall = new Mall()
  await mall.start('n1', second)
  await mall.start('n2', second)
  await mall.start('n3', first)
  await mall.during(mall.running.get('n1')!.commands.add({ by: 1 }))
  await mall.during(mall.running.get('n3')!.close())
  mall.running.delete('n3')
  await mall.pause(10_000)
  expect(await mall.activeVersions()).toEqual([1, 1])
  expect(await codeOf(mall.during(mall.running.get('n1')!.commands.give()))).toBe('VERSION_NOT_ACTIVE notDone')
  await mall.start('n3', second)
  await mall.untilActive(2)
  await mall.close()
})

test('D26: in a new cluster a command of a later version waits for the first activation', async () => {
  const mall = new Mall()
  const replicas = await Promise.all(ids.map((id) => mall.start(id, second)))
  expect(await mall.during(Promise.all(replicas.map((replica) => replica.commands.give())))).toHaveLength(3)
  await mall.close()
})

test('D26: a command that waits for a member that nobody has heard is refused in the end, and may be given up', async () => {
  const mall = new Mall()
  const n1 = await mall.start('n1', second)
  await mall.start('n2', second)
  expect(await codeOf(mall.during(n1.commands.give()))).toBe('VERSION_NOT_ACTIVE notDone')
  expect(await codeOf(mall.during(n1.commands.give(undefined as never)))).toBe('VERSION_NOT_ACTIVE notDone')
  const giveUp = new AbortController()
  const waiting = codeOf(n1.commands.give({ signal: giveUp.signal }))
  await mall.pause(100)
  giveUp.abort()
  expect(await mall.during(waiting)).toBe('ABORTED notDone')
  const closed = codeOf(n1.commands.give())
  await mall.close()
  expect(await mall.during(closed)).toBe('STOPPED notDone')
})

test('D26: back is possible before the activation; after it a member on old code is stopped by name, alone', async () => {
  const mall = new Mall()
  for (const id of ids) await mall.start(id, first)
  await mall.during(mall.running.get('n1')!.commands.add({ by: 1 }))
  await mall.deploy('n1', second)
  await mall.during(mall.running.get('n1')!.commands.add({ by: 1 }))
  await mall.deploy('n1', first)
  expect(await mall.during(mall.running.get('n1')!.commands.add({ by: 1 }))).toBe(3)
  for (const id of ids) await mall.deploy(id, second)
  await mall.untilActive(2)
  await mall.deploy('n2', first)
  while (!mall.stopped.has('n2')) await mall.pause(10)
  expect(mall.stopped.get('n2')).toMatch(/version 2 of the machine is active, .* up to 1: upgrade this member/)
  expect(await mall.during(mall.running.get('n1')!.commands.add({ by: 1 }))).toBe(4)
  await mall.deploy('n2', second)
  expect(await mall.during(mall.running.get('n2')!.commands.give())).toBe(1)
  await mall.close()
})

// From here on: one state, command by command.

const cluster = new Uint8Array(16).fill(1)
const sessionNonce = new Uint8Array(16).fill(2)

function envelope(differs: Partial<Envelope>): Uint8Array {
  return encodeEnvelope({
    ...{ kind: 'command', cluster, codec: first.codec, machineVersion: 1, wallMs: 1, clusterTime: clusterTime(5) },
    ...{ session: position(1), sessionNonce, sessionSequence: 1, lowestUnacknowledged: 1, command: new Uint8Array() },
    ...differs,
  })
}

function stateOf(machine: MachineModule): ReplicatedState {
  const state = new ReplicatedState(machine.create(), new ClusterClock(nodeEnvironment()))
  const command = encodeOpening({ owner: 'caller', timeoutMs: 60_000 })
  state.apply(envelope({ kind: 'openSession', session: position(0), sessionSequence: 0, command }), position(1))
  return state
}

async function imageOf(state: ReplicatedState): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of state.image()) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

async function* chunked(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  yield bytes
}

const activate = (version: number): Uint8Array =>
  envelope({ kind: 'activate', session: position(0), command: encodeVersions(new Map([['machine', version]])) })

test('D26: what is committed and no command of the active version is refused alike by old and new code, for ever', async () => {
  const states = [first, second, third].map(stateOf)
  const bytes = [
    envelope({ command: second.commands.give.encode() }),
    envelope({ sessionSequence: 2, machineVersion: 2, command: second.commands.give.encode() }),
    envelope({ sessionSequence: 3, command: Uint8Array.of(0xc1) }),
    envelope({ sessionSequence: 4, codec: 'cbor', command: first.commands.add.encode({ by: 1 }) }),
  ]
  const whys = ['noCommand', 'versionNotActive', 'noCommand', 'noCommand']
  for (const state of states) {
    for (const [at, each] of bytes.entries()) {
      expect(state.apply(each, position(2 + at))).toMatchObject({ kind: 'refused', why: whys[at] })
    }
    expect(state.apply(Uint8Array.of(1, 2, 3), position(6))).toMatchObject({ kind: 'skipped' })
    expect(state.apply(Uint8Array.of(9), position(7))).toMatchObject({ kind: 'skipped' })
  }
  const [one, ...others] = await Promise.all(states.map(imageOf))
  for (const other of others) expect(other).toEqual(one)

  // A late copy of what was refused stays refused, also once its version is active, and across a snapshot.
  const [, later = stateOf(second)] = states
  later.apply(activate(2), position(8))
  const restored = stateOf(second)
  await restored.restore(chunked(await imageOf(later)))
  for (const state of [later, restored]) {
    expect(state.apply(bytes[0] ?? new Uint8Array(), position(9))).toMatchObject({ kind: 'refused', why: 'noCommand' })
    expect(state.apply(bytes[1] ?? new Uint8Array(), position(10))).toMatchObject({ why: 'versionNotActive' })
    const fresh = envelope({ sessionSequence: 5, machineVersion: 2, command: second.commands.give.encode() })
    expect(state.apply(fresh, position(11))).toMatchObject({ kind: 'answered' })
  }
})

test('D26: newer code that replays earlier activations comes to the state that the code of then had', async () => {
  const state = stateOf(third)
  const sell = (sequence: number): Uint8Array =>
    envelope({ sessionSequence: sequence, command: first.commands.add.encode({ by: 1 }) })
  state.apply(sell(1), position(2))
  const before = await imageOf(state)
  state.apply(activate(2), position(3))
  state.apply(activate(2), position(4))
  const second_ = stateOf(second)
  second_.apply(sell(1), position(2))
  second_.apply(activate(2), position(3))
  second_.apply(activate(2), position(4))
  expect(await imageOf(state)).toEqual(await imageOf(second_))
  state.apply(activate(3), position(5))
  const all = third.queries.all.decodeResult(state.machine.query(third.queries.all.encode()))
  expect(all).toEqual({ n: 1, gifts: 100, at: 1 })

  // An image of an earlier version is restored at that version, and migrated by the activation behind it.
  const restored = stateOf(third)
  await restored.restore(chunked(before))
  expect(restored.machine.activeVersion).toBe(1)
  restored.apply(activate(3), position(5))
  expect(await imageOf(restored)).toEqual(await imageOf(state))
  await expect(stateOf(second).restore(chunked(await imageOf(state)))).rejects.toMatchObject({
    code: 'FORMAT_TOO_NEW',
    message: expect.stringContaining('version 3 of the machine is active, and this member knows it up to 2') as string,
  })
})

test('D26: an activation that this member cannot follow stops it, and one that is none stops nobody', () => {
  expect(() => stateOf(first).apply(activate(2), position(2))).toThrow(
    expect.objectContaining({ code: 'FORMAT_TOO_NEW' }),
  )
  const format = envelope({ kind: 'activate', command: encodeVersions(new Map([['envelope', 2]])) })
  expect(() => stateOf(first).apply(format, position(2))).toThrow(/version 2 of the format "envelope" is active/)
  const state = stateOf(first)
  for (const command of [Uint8Array.of(), Uint8Array.of(200), Uint8Array.of(1, 0, 0)]) {
    expect(state.apply(envelope({ kind: 'activate', command }), position(2))).toMatchObject({ kind: 'skipped' })
  }
  expect([...state.active]).toEqual([])
})

test('code with another codec than that of the cluster stops the member that runs it, before it refuses anything', () => {
  const foreign = { ...first, create: () => Object.assign(first.create(), { codec: 'cbor' }) }
  expect(() => stateOf(foreign)).toThrow(expect.objectContaining({ code: 'FORMAT_TOO_NEW' }))
})

test('D26: a leader looks at what is forwarded to it: size, version, codec and command', () => {
  const proposal: Proposal = {
    ...{ kind: 'command', cluster, codec: first.codec, machineVersion: 1, session: position(1), nonce: sessionNonce },
    ...{ sequence: 1, lowestUnacknowledged: () => 1, command: first.commands.add.encode({ by: 1 }) },
  }
  const why = (differs: Partial<Proposal>, machine: MachineModule = second, activeVersion = 1) =>
    whyUnfit({ ...proposal, ...differs }, { machine, activeVersion, commandBytesMax: 100 })?.reason ?? 'fit'
  expect(why({})).toBe('fit')
  expect(why({ command: new Uint8Array(101) })).toBe('tooLarge')
  expect(why({ machineVersion: 2 })).toBe('versionNotActive')
  expect(why({ machineVersion: 2, command: second.commands.give.encode() }, first)).toBe('versionNotActive')
  expect(why({ command: second.commands.give.encode() })).toBe('versionNotActive')
  expect(why({ machineVersion: 2, command: second.commands.give.encode() }, second, 2)).toBe('fit')
  expect(why({ command: second.commands.give.encode() }, first)).toBe('invalid')
  expect(why({ command: Uint8Array.of(0xc1) })).toBe('invalid')
  expect(why({ codec: 'cbor' })).toBe('invalid')
  expect(why({ kind: 'closeSession', command: new Uint8Array() })).toBe('fit')
})
