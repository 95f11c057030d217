import { virtualTime, type VirtualTime } from '@quorate/conformance'
import { nodeId, type Channel, type NodeId, type RunningTransport } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { memoryHub, memoryTransport, type MemoryHubOptions } from '@quorate/transport-memory'
import { expect, test, vi } from 'vitest'

const settled = (): Promise<void> => nodeEnvironment().yieldTurn()

interface Member {
  readonly id: NodeId
  readonly running: RunningTransport
  /** `time channel text` of each arrival. */
  readonly trace: string[]
  readonly links: string[]
  say(to: Member, text: string, channel?: Channel): 'queued' | 'dropped'
  /** Runs at each arrival. */
  onArrival: () => void
}

interface MemberOptions {
  readonly address?: string
  readonly reconnectMs?: number
  readonly channelBytesMax?: number
}

async function member(
  id: string,
  hub: ReturnType<typeof memoryHub>,
  time: VirtualTime,
  options: MemberOptions = {},
): Promise<Member> {
  const trace: string[] = []
  const links: string[] = []
  const { address = id, ...limits } = options
  const running = await memoryTransport({ hub, ...limits }).start({
    environment: time.environment,
    self: nodeId(id),
    address,
    hello: () => Buffer.from(id),
    admit: async (hello) => ({ peer: nodeId(Buffer.from(hello).toString()) }),
    onFrame: (_, channel, frame) => {
      trace.push(`${time.environment.monotonicMs().toFixed(3)} ${channel} ${Buffer.from(frame).toString()}`)
      self.onArrival()
    },
    onLink: (peer, state, reason) => void links.push(`${peer} ${state}: ${reason}`),
  })
  const say: Member['say'] = (to, text, channel = 'log') => running.send(to.id, Buffer.from(text), channel)
  const self: Member = { id: nodeId(id), running, trace, links, say, onArrival: () => {} }
  return self
}

async function pairOn(options: MemoryHubOptions) {
  const time = virtualTime({ settled })
  const hub = memoryHub(options)
  const [a, b] = [await member('a', hub, time), await member('b', hub, time)]
  a.running.setPeers(new Map([[b.id, 'b']]))
  b.running.setPeers(new Map([[a.id, 'a']]))
  await time.pass(100)
  expect([a.links, b.links]).toEqual([['b up: connected to b'], ['a up: connected to a']])
  return { time, hub, a, b }
}

/** The texts of a trace. */
function texts(trace: readonly string[]): string[] {
  return trace.map((line) => line.split(' ')[2] ?? '')
}

const numbers = Array.from({ length: 200 }, (_, at) => String(at))

async function traceOf(options: MemoryHubOptions): Promise<string[]> {
  const { time, a, b } = await pairOn(options)
  for (const text of numbers) {
    a.say(b, text)
    await time.pass(1)
  }
  await time.pass(1_000)
  return b.trace
}

test('the same seed gives the same trace, and another seed another one', async () => {
  const bad = { latencyMs: { min: 1, max: 9 }, loss: 0.1, duplication: 0.1, reordering: 0.1 }
  const first = await traceOf({ ...bad, seed: 'one' })
  expect(await traceOf({ ...bad, seed: 'one' })).toEqual(first)
  expect(await traceOf({ ...bad, seed: 'two' })).not.toEqual(first)
})

test('a perfect hub delivers everything at once, in order', async () => {
  const { time, a, b } = await pairOn({})
  for (const text of numbers) a.say(b, text)
  expect(b.trace).toEqual([])
  await time.pass(0)
  expect(b.trace).toEqual(numbers.map((text) => `100.000 log ${text}`))
})

test('the frames of a turn are delivered in one turn', async () => {
  const { time, a, b } = await pairOn({})
  const before = time.turns()
  for (const text of numbers) a.say(b, text)
  await time.pass(1)
  expect(b.trace).toHaveLength(numbers.length)
  expect(time.turns() - before).toBe(1)
})

test('latency delays each frame within its range and keeps the order of a channel', async () => {
  const { time, a, b } = await pairOn({ latencyMs: { min: 5, max: 20 } })
  for (const text of numbers) a.say(b, text)
  await time.pass(4.9)
  expect(b.trace).toEqual([])
  await time.pass(15.2)
  expect(texts(b.trace)).toEqual(numbers)
})

test('a frame never arrives before its own delay is over', async () => {
  const { time, a, b } = await pairOn({ latencyMs: 5 })
  a.say(b, 'early')
  await time.pass(3)
  a.say(b, 'late')
  await time.pass(50)
  expect(b.trace).toEqual(['105.000 log early', '108.000 log late'])
})

test('one way of one link has faults of its own, until they are taken off', async () => {
  const { time, hub, a, b } = await pairOn({ latencyMs: 5 })
  hub.setLinkFaults('a', 'b', { latencyMs: 40 })
  a.say(b, 'slow')
  b.say(a, 'as everywhere')
  await time.pass(50)
  hub.setLinkFaults('a', 'b', null)
  a.say(b, 'as before')
  await time.pass(50)
  expect(a.trace).toEqual(['105.000 log as everywhere'])
  expect(b.trace).toEqual(['140.000 log slow', '155.000 log as before'])
})

test('with latency, frames of one channel overtake those of another', async () => {
  const { time, a, b } = await pairOn({ latencyMs: { min: 1, max: 50 } })
  for (const text of numbers.slice(0, 20)) {
    a.say(b, text, 'log')
    a.say(b, text, 'control')
  }
  await time.pass(100)
  const arrived = texts(b.trace)
  expect(arrived).toHaveLength(40)
  expect(arrived).not.toEqual(numbers.slice(0, 20).flatMap((text) => [text, text]))
})

test.each([
  ['loss', { loss: 0.3 }, (arrived: string[]) => arrived.length > 100 && arrived.length < 180],
  ['duplication', { duplication: 0.3 }, (arrived: string[]) => arrived.length > 220 && new Set(arrived).size === 200],
  [
    'reordering',
    { reordering: 0.3 },
    (arrived: string[]) => arrived.length === 200 && arrived.join() !== numbers.join(),
  ],
])('%s happens about as often as it was asked for, and nothing else does', async (_, faults, holds) => {
  const { time, a, b } = await pairOn({ ...faults, seed: 3 })
  for (const text of numbers) a.say(b, text)
  await time.pass(1)
  const arrived = texts(b.trace)
  expect(holds(arrived)).toBe(true)
  if (!('reordering' in faults))
    expect(arrived).toEqual([...arrived].sort((left, right) => Number(left) - Number(right)))
})

test('a cut loses frames one way, those on their way included, until it is healed', async () => {
  const { time, hub, a, b } = await pairOn({ latencyMs: 5 })
  a.say(b, 'on-its-way')
  hub.cut('a', 'b')
  expect(a.say(b, 'lost')).toBe('queued')
  b.say(a, 'other-way')
  await time.pass(50)
  expect([b.trace.length, texts(a.trace)]).toEqual([0, ['other-way']])
  hub.heal('a', 'b')
  a.say(b, 'healed')
  await time.pass(50)
  expect(texts(b.trace)).toEqual(['healed'])
  expect(a.links).toHaveLength(1)
})

test('a split cuts both ways between its sides, and no link is made across it', async () => {
  const { time, hub, a, b } = await pairOn({})
  const c = await member('c', hub, time)
  hub.split(['a', 'b'], ['c'])
  c.running.setPeers(new Map([[a.id, 'a']]))
  a.say(b, 'same-side')
  await time.pass(500)
  expect(texts(b.trace)).toEqual(['same-side'])
  expect(c.links).toEqual(['a down: the link to a is cut'])
  hub.heal()
  await time.pass(500)
  expect(c.links.at(-1)).toBe('a up: connected to a')
})

test('faults can change while members are connected', async () => {
  const { time, hub, a, b } = await pairOn({ loss: 1 })
  a.say(b, 'lost')
  hub.setFaults({})
  a.say(b, 'kept')
  await time.pass(1)
  expect(texts(b.trace)).toEqual(['kept'])
})

test('D41: a member that closes is gone for those that were connected to it', async () => {
  const { time, a, b } = await pairOn({})
  await b.running.close()
  await time.pass(10)
  expect(a.links.slice(1)).toEqual(['b down: b has closed', 'b gone: nobody listens on b'])
})

test('a peer that comes back is dialled at once, whatever the pause is, because it has dialled us', async () => {
  const time = virtualTime({ settled })
  const hub = memoryHub()
  const a = await member('a', hub, time, { reconnectMs: 600_000 })
  a.running.setPeers(new Map([[nodeId('b'), 'b']]))
  await time.pass(10)
  expect(a.links).toEqual(['b gone: nobody listens on b'])
  const b = await member('b', hub, time)
  b.running.setPeers(new Map([[a.id, 'a']]))
  await time.pass(10)
  expect(a.links.at(-1)).toBe('b up: connected to b')
})

test('a connection that ends while its frames are delivered delivers no more of them', async () => {
  const { time, a, b } = await pairOn({})
  for (const text of numbers) a.say(b, text)
  b.onArrival = () => void a.running.close()
  await time.pass(10)
  expect(b.trace).toHaveLength(1)
})

test('two members that claim one id take turns, with pauses', async () => {
  const { time, hub, b } = await pairOn({})
  const twin = await member('a', hub, time, { address: 'a-too' })
  twin.running.setPeers(new Map([[b.id, 'b']]))
  const before = time.turns()
  await time.pass(1_000)
  expect(twin.links.length).toBeGreaterThan(1)
  expect(time.turns() - before).toBeLessThan(400)
})

test('without options, transports of one process find each other', async () => {
  const start = (id: string, onFrame: (frame: Uint8Array) => void) =>
    memoryTransport().start({
      environment: nodeEnvironment(),
      self: nodeId(id),
      address: `${id}.shared:1`,
      hello: () => Buffer.from(id),
      admit: async (hello) => ({ peer: nodeId(Buffer.from(hello).toString()) }),
      onFrame: (_from, _channel, frame) => onFrame(frame),
      onLink: () => {},
    })
  const arrived: Uint8Array[] = []
  const a = await start('a', () => {})
  const b = await start('b', (frame) => arrived.push(frame))
  a.setPeers(new Map([[nodeId('b'), b.address]]))
  await vi.waitUntil(() => a.send(nodeId('b'), Uint8Array.of(1), 'log') === 'queued')
  await vi.waitUntil(() => arrived.length > 0)
  expect(arrived).toEqual([Uint8Array.of(1)])
  await Promise.all([a.close(), b.close()])
})

/** Options as a caller without types may give them. */
function untyped(options: object): object {
  return options
}

test.each([
  [() => memoryTransport(untyped({ hubb: 1 })), 'hubb'],
  [() => memoryTransport(untyped({ hub: {} })), 'must come from memoryHub()'],
  [() => memoryHub({ loss: 2 }), 'loss'],
  [() => memoryHub({ latencyMs: { min: 3, max: 2 } }), 'min must not be above max'],
])('wrong options are refused with their path', (make, text) => {
  expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }))
  expect(make).toThrow(text)
})

test('what has arrived, or got lost on its way, counts no more', async () => {
  const time = virtualTime({ settled })
  const hub = memoryHub({ seed: 3 })
  const [a, b] = [await member('a', hub, time, { channelBytesMax: 1_024 }), await member('b', hub, time)]
  a.running.setPeers(new Map([[b.id, 'b']]))
  await time.pass(100)
  hub.setFaults({ loss: 0.2, duplication: 0.3, latencyMs: 5, reordering: 0.5 })
  for (let count = 1; count <= 200; count += 1) {
    // An empty line takes anything: it is the second one that needs room.
    for (let each = 0; each < 2; each += 1) expect(a.say(b, 'x'.repeat(count % 40))).toBe('queued')
    if (count % 5 === 0) hub.cut('a', 'b')
    await time.pass(10)
    hub.heal()
  }
  expect(b.trace.length).toBeGreaterThan(250)
})
