import type { OpenStorage, Storage } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { memoryStorage } from '@quorate/storage-memory'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Replica } from '../src/index.js'
import { VirtualCluster } from './virtual-cluster.js'

const commands = 2_000
/** Positions that something else may take: opening a session, and what a leader commits for itself. */
const spare = 20

let cluster: VirtualCluster<typeof counter>
let appendMs = 0

/** A storage whose appends are durable one after the other, each after so long. */
function slowStorage(): Storage {
  const storage = memoryStorage()
  const slowed = (open: OpenStorage): OpenStorage => {
    const append = open.append.bind(open)
    open.append = async (batch) => {
      await new Promise<void>((resolve) => void cluster.time.environment.setTimer(appendMs, resolve))
      await append(batch)
    }
    return open
  }
  return { survives: storage.survives, open: async () => slowed(await storage.open()) }
}

/** A leader and the two others, whose disks take so long from here on. */
async function threeWithSlowDisks(ms: number) {
  await cluster.start(Object.fromEntries(['n1', 'n2', 'n3'].map((id) => [id, { storage: slowStorage() }])))
  const leader = await cluster.during(cluster.leader())
  const [follower, other] = cluster.replicas.filter((replica) => replica !== leader)
  if (!follower || !other) throw new Error('nobody follows')
  await cluster.during(follower.commands.add({ by: 1 }))
  appendMs = ms
  return { leader, follower, other }
}

async function lastApplied(replica: Replica<typeof counter>): Promise<number> {
  return (await replica.status()).lastApplied
}

/** Nothing is remembered of what has ended. */
async function expectRest(): Promise<void> {
  await cluster.time.pass(3_000)
  for (const replica of cluster.replicas) {
    const { queues } = await replica.status()
    expect(queues).toMatchObject({ attempts: 0, places: 0, proposed: 0, slots: 0 })
  }
}

beforeEach(() => {
  appendMs = 0
  // Members with such disks need as much patience: what is not durable is not acknowledged.
  const patience = { timeoutMs: 60_000, tickMs: 50, electionTimeoutMs: [10_000, 20_000] } as const
  cluster = new VirtualCluster(counter, patience)
})
afterEach(() => {
  appendMs = 0
  return cluster.close()
})

test('a burst that a follower is asked takes a position for each command, however slow the disks are', async () => {
  const { leader, follower } = await threeWithSlowDisks(2_000)
  const before = await lastApplied(leader)
  const burst = Array.from({ length: commands }, () => follower.commands.add({ by: 1 }))
  const values = await cluster.during(Promise.all(burst))
  expect(
    values
      .map(Number)
      .sort((left, right) => left - right)
      .at(-1),
  ).toBe(commands + 1)
  await expectRest()
  expect(await lastApplied(leader)).toBeLessThanOrEqual(before + commands + spare)
})

test('a burst of a session that every member is asked, as by clients that ask again, takes a position for each command', async () => {
  const { leader, follower, other } = await threeWithSlowDisks(0)
  const id = await cluster.during(leader.openSession())
  appendMs = 2_000
  const before = await lastApplied(leader)
  const burst = Array.from({ length: commands }, (_, at) => {
    const session = { id, sequence: at + 1, lowestUnacknowledged: 1 }
    return [follower, leader, other].map((replica) => replica.commands.add({ by: 1 }, { session }))
  })
  const values = await cluster.during(Promise.all(burst.map((each) => Promise.all(each))))
  for (const [first, ...others] of values) for (const each of others) expect(each).toBe(first)
  await expectRest()
  expect(await lastApplied(leader)).toBeLessThanOrEqual(before + commands + spare)
  expect(await cluster.during(leader.queries.value())).toBe(commands + 1)
})
