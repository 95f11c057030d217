/** What failed, or paused, goes on afterwards: not once, but each time. */
import type { OpenStorage, Storage } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { memoryStorage } from '@quorate/storage-memory'
import { expect, test } from 'vitest'
import { StorageWatch } from '../src/storage-watch.js'
import { still } from './snapshots/places.js'
import { VirtualCluster, type VirtualMember } from './virtual-cluster.js'

test('a transfer of leadership that failed leaves a leader that goes on, and the next one succeeds', async () => {
  const cluster = new VirtualCluster(counter)
  await cluster.start()
  let value = 0
  for (let times = 0; times < 2; times += 1) {
    const leader = await cluster.during(cluster.leader())
    const [target, third] = cluster.replicas.filter((each) => each !== leader)
    if (!target || !third) throw new Error('a cluster of three is wanted')
    cluster.hub.split([target.id], [leader.id, third.id])
    const failed = await cluster.during(
      leader.transferLeadership(target.id, { timeoutMs: 1_000 }).catch((error: unknown) => error),
    )
    expect(failed).toMatchObject({ name: 'QuorateError' })
    for (const caller of [leader, third]) {
      expect(await cluster.during(caller.commands.add({ by: 1 }))).toBe((value += 1))
    }
    expect((await leader.status()).leadership.leader).toBe(leader.id)
    cluster.hub.heal()
    await cluster.time.pass(2_000)
    const now = await cluster.during(cluster.leader())
    const next = now === target ? leader : target
    await cluster.during(now.transferLeadership(next.id))
    expect((await cluster.during(cluster.leader())).id).toBe(next.id)
    for (const caller of cluster.replicas) {
      expect(await cluster.during(caller.commands.add({ by: 1 }))).toBe((value += 1))
    }
  }
  await cluster.close()
})

/** A storage in memory that says how short of room it is. */
function crowded(pressure: () => OpenStorage['pressure']): Storage {
  const storage = memoryStorage()
  return {
    survives: storage.survives,
    open: async () => {
      const open = await storage.open()
      Object.defineProperty(open, 'pressure', { get: pressure })
      return open
    },
  }
}

test('D14: with room again commands are taken again, at every member, and the status says that there is room', async () => {
  const cluster = new VirtualCluster(counter)
  let pressure: OpenStorage['pressure'] = 'none'
  const member: VirtualMember = { storage: crowded(() => pressure) }
  await cluster.start({
    n1: member,
    n2: { storage: crowded(() => pressure) },
    n3: { storage: crowded(() => pressure) },
  })
  let value = 0
  for (const full of ['low', 'full', 'low'] as const) {
    pressure = full
    await cluster.time.pass(15_000)
    for (const each of cluster.replicas) {
      const refused = each.commands.add({ by: 1 }, { timeoutMs: 2_000 })
      await expect(cluster.during(refused)).rejects.toMatchObject({ code: 'OVERLOADED', outcome: 'notDone' })
      expect((await each.status()).storage.pressure).toBe(full)
    }
    pressure = 'none'
    for (const each of cluster.replicas) {
      expect(await cluster.during(each.commands.add({ by: 1 }))).toBe((value += 1))
      const { storage, warnings } = await each.status()
      expect([storage.pressure, warnings]).toEqual(['none', []])
    }
  }
  await cluster.close()
})

test('D14: a leader that is short of room offers its leadership again and again, and no more when there is room', async () => {
  const time = still()
  let pressure: OpenStorage['pressure'] = 'none'
  let failure: Error | null = null
  let offers = 0
  const failures: unknown[] = []
  const watch = new StorageWatch({
    environment: time.environment,
    storage: {
      get pressure() {
        return pressure
      },
      get failure() {
        return failure
      },
    },
    leads: () => true,
    offerLeadership: () => (offers += 1),
    fail: (error) => failures.push(error),
  })
  watch.start()
  const offersWithin = async (ms: number): Promise<number> => {
    const before = offers
    await time.pass(ms)
    return offers - before
  }
  for (let times = 0; times < 2; times += 1) {
    expect(await offersWithin(20_000)).toBe(0)
    pressure = 'low'
    expect(await offersWithin(30_500)).toBe(4)
    pressure = 'none'
  }
  failure = new Error('the journal is done for')
  await time.pass(1_000)
  expect(failures).toEqual([failure])
})
