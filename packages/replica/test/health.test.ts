import type { Environment, Storage } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { memoryStorage } from '@quorate/storage-memory'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { VirtualCluster } from './virtual-cluster.js'

let cluster: VirtualCluster<typeof counter>
beforeEach(() => {
  cluster = new VirtualCluster(counter)
})
afterEach(() => cluster.close())

/** The codes of the warnings of a member, by what they say. */
async function warningsOf(id: string): Promise<Map<string, string>> {
  const replica = cluster.replicas.find((each) => each.id === id)
  if (!replica) throw new Error(`${id} was not started`)
  const { warnings } = await cluster.during(replica.status())
  return new Map(warnings.map(({ code, message }) => [code, message]))
}

/** A memory storage whose appends take so long. */
function slowStorage(ms: () => number): Storage {
  const storage = memoryStorage()
  return {
    survives: storage.survives,
    open: async () => {
      const open = await storage.open()
      const append = open.append.bind(open)
      open.append = async (batch) => {
        await new Promise<void>((resolve) => void cluster.time.environment.setTimer(ms(), resolve))
        await append(batch)
      }
      return open
    },
  }
}

/** The environment with other clocks. */
function withClocks(clocks: Partial<Environment>): (real: Environment) => Environment {
  return (real) => ({ ...real, ...clocks })
}

test('a healthy cluster in one process has no warning', async () => {
  await cluster.start()
  await cluster.time.pass(30_000)
  for (const { id } of cluster.replicas) expect([...(await warningsOf(id))], id).toEqual([])
})

test('MEMORY_STORAGE: members that a network may separate, and a storage that ends with its process', async () => {
  await cluster.start({ n2: { transport: (real) => ({ start: (host) => real.start(host) }) } })
  expect((await warningsOf('n2')).get('MEMORY_STORAGE')).toContain('Use fileStorage()')
  expect([...(await warningsOf('n1')).keys()]).toEqual([])
})

test('DISK_STALLED: a write that takes longer than a heartbeat', async () => {
  let appendMs = 1
  await cluster.start({ n2: { storage: slowStorage(() => appendMs) } })
  expect([...(await warningsOf('n2')).keys()]).toEqual([])
  appendMs = 80
  const leader = await cluster.during(cluster.leader())
  await cluster.during(leader.commands.add({ by: 1 }))
  await cluster.time.pass(1_000)
  expect((await warningsOf('n2')).get('DISK_STALLED')).toContain('80 ms to be durable')
})

/** A member whose machine sleeps, with clocks that count on meanwhile, in the middle of whatever is under way. */
function sleeper(): { readonly environment: (real: Environment) => Environment; readonly sleep: (ms: number) => void } {
  let aheadMs = 0
  const monotonicMs = (): number => cluster.time.environment.monotonicMs() + aheadMs
  const wallMs = (): number => cluster.time.environment.wallMs() + aheadMs
  return { environment: withClocks({ monotonicMs, wallMs }), sleep: (ms) => void (aheadMs += ms) }
}

test.each([200, 30_000])(
  'a sleep of %i ms is blamed on nothing but the sleep, and a slow disk then is told',
  async (ms) => {
    const { environment, sleep } = sleeper()
    let appendMs = 5
    await cluster.start({ n2: { environment, storage: slowStorage(() => appendMs) } })
    const leader = await cluster.during(cluster.leader())
    for (let round = 0; round < 2; round += 1) {
      const written = leader.commands.add({ by: 1 })
      // The write of it is under way at n2, and so are questions to the others and theirs.
      await cluster.time.pass(2)
      sleep(ms)
      await cluster.during(written)
      await cluster.time.pass(5_000)
    }
    expect([...(await warningsOf('n2')).keys()]).toEqual(['LOOP_STALLED'])
    for (const id of ['n1', 'n3']) expect([...(await warningsOf(id)).keys()], id).toEqual([])
    appendMs = 80
    await cluster.during((await cluster.during(cluster.leader())).commands.add({ by: 1 }))
    await cluster.time.pass(1_000)
    expect((await warningsOf('n2')).get('DISK_STALLED')).toContain('80 ms to be durable')
  },
)

test('APPLY_HELD: the time for which the state was read, without that for which the machine slept', async () => {
  const { environment, sleep } = sleeper()
  await cluster.start({ n2: { environment } })
  const n2 = cluster.replicas[1]
  for (const [ms, told] of [
    [30_000, ['LOOP_STALLED']],
    [20, ['APPLY_HELD', 'LOOP_STALLED']],
  ] as const) {
    const digested = n2?.status({ digest: true })
    sleep(ms)
    await cluster.during(digested ?? Promise.reject(new Error('no n2')))
    await cluster.time.pass(1_000)
    expect([...(await warningsOf('n2')).keys()].sort()).toEqual(told)
  }
})

test('LOOP_STALLED: an event loop that stood still for longer than a heartbeat', async () => {
  let aheadMs = 0
  const monotonicMs = (): number => cluster.time.environment.monotonicMs() + aheadMs
  await cluster.start({ n3: { environment: withClocks({ monotonicMs }) } })
  aheadMs = 90
  await cluster.time.pass(100)
  expect((await warningsOf('n3')).get('LOOP_STALLED')).toMatch(/stood still for (80|90) ms/)
})

test('CLOCK_JUMPED: a wall clock that leaves the monotonic one, once for each jump', async () => {
  let aheadMs = 0
  const told: string[] = []
  const wallMs = (): number => cluster.time.environment.wallMs() + aheadMs
  await cluster.start({ n1: { environment: withClocks({ wallMs }) } })
  cluster.replicas[0]?.on('warning', ({ code, message }) => told.push(`${code}: ${message}`))
  aheadMs = 86_400_000
  await cluster.time.pass(5_000)
  expect(told).toEqual([
    expect.stringContaining(
      'CLOCK_JUMPED: this machine slept for 86400000 ms, or its wall clock was set ahead by that',
    ),
  ])
  await cluster.time.pass(60_000)
  aheadMs = 0
  await cluster.time.pass(5_000)
  expect(told[1]).toContain('the wall clock was set back by 86400000 ms')
})

test('TIGHT_ELECTION_TIMEOUT: a round trip that is long for the election timeout, and status says how long', async () => {
  await cluster.start()
  cluster.hub.setLinkFaults('n1', 'n3', { latencyMs: 25 })
  cluster.hub.setLinkFaults('n3', 'n1', { latencyMs: 25 })
  await cluster.time.pass(30_000)
  expect((await warningsOf('n1')).get('TIGHT_ELECTION_TIMEOUT')).toMatch(/a round trip to n3 takes \d\d ms/)
  expect([...(await warningsOf('n2')).keys()]).toEqual([])
  const peers = (await cluster.during(cluster.replicas[0]?.status() ?? Promise.reject(new Error('no n1')))).peers
  expect(peers.map(({ id, link, roundTripMs }) => [id, link, Math.round(roundTripMs ?? -1)])).toEqual([
    ['n2', 'up', 0],
    ['n3', 'up', 50],
  ])
})

test('status says how far each follower is, where a member leads', async () => {
  await cluster.start()
  const leader = await cluster.during(cluster.leader())
  await cluster.during(leader.commands.add({ by: 1 }))
  await cluster.time.pass(1_000)
  for (const replica of cluster.replicas) {
    const { progress } = await cluster.during(replica.status())
    const followers = cluster.replicas.filter(({ id }) => id !== leader.id).map(({ id }) => id)
    const known = followers.map((id) => ({ id, phase: 'replicate', behind: 0, inflight: 0 }))
    expect(progress, replica.id).toEqual(replica === leader ? known : [])
  }
})

test('a leader that is closed hands over: the next write needs no election timeout', async () => {
  await cluster.start()
  const leader = await cluster.during(cluster.leader())
  const epoch = (await cluster.during(leader.status())).leadership.epoch
  const rest = cluster.replicas.filter((replica) => replica !== leader)
  await cluster.during(leader.close())
  const statuses = await cluster.during(Promise.all(rest.map((replica) => replica.status())))
  expect(statuses.map(({ leadership }) => leadership.leader)).toContain(
    statuses.find(({ id, leadership }) => leadership.leader === id)?.id,
  )
  expect(Math.max(...statuses.map(({ leadership }) => leadership.epoch))).toBe(epoch + 1)
})

test('metrics are there in the text that Prometheus reads', async () => {
  await cluster.start()
  const leader = await cluster.during(cluster.leader())
  await cluster.during(leader.commands.add({ by: 1 }))
  await cluster.during(leader.queries.value())
  await cluster.time.pass(2_000)
  const text = await cluster.during(leader.metrics())
  for (const line of [
    '# TYPE quorate_command_seconds histogram',
    'quorate_command_seconds_bucket{le="+Inf"} 1',
    'quorate_calls_total{kind="command",outcome="done"} 1',
    'quorate_calls_total{kind="query",outcome="done"} 1',
    'quorate_leads 1',
    `quorate_follower_behind_entries{peer="${leader.id === 'n1' ? 'n2' : 'n1'}"} 0`,
    `quorate_round_trip_seconds{peer="${leader.id === 'n1' ? 'n2' : 'n1'}"} 0`,
    'quorate_pending{kind="commands"} 0',
  ]) {
    expect(text.split('\n')).toContain(line)
  }
  expect(text).toMatch(/^quorate_frames_total\{way="sent",channel="control"\} [1-9]/m)
  expect(text).toMatch(/^quorate_append_records_total [1-9]/m)
})
