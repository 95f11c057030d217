import { memoryStorage } from '@quorate/storage-memory'
import { expect, test } from 'vitest'
import { alarm } from './alarm.js'
import { leases } from './leases.js'
import { VirtualCluster, type VirtualMember } from './virtual-cluster.js'

/** The longest election timeout of raft, in milliseconds. */
const electionTimeoutMs = 300

test('D12, F-44: leases end on every member of a cluster where nobody writes', async () => {
  const cluster = new VirtualCluster(leases)
  await cluster.start()
  const leader = await cluster.during(cluster.leader())
  await cluster.during(leader.commands.grant({ forMs: 2_000 }))
  await cluster.during(leader.commands.grant({ forMs: 20_000 }))
  const endedOnAll = async (): Promise<number[]> =>
    cluster.during(Promise.all(cluster.replicas.map((each) => each.queries.ended({ consistency: 'local' }))))

  await cluster.time.pass(1_900)
  expect(await endedOnAll()).toEqual([0, 0, 0])
  await cluster.time.pass(200)
  expect(await endedOnAll()).toEqual([1, 1, 1])
  await cluster.time.pass(18_000)
  expect(await endedOnAll()).toEqual([2, 2, 2])
  await cluster.close()
})

/** How long an alarm took, and how much of that nobody led, as this test saw it; in milliseconds of virtual time. */
async function timeOfAlarm(inMs: number, meanwhile: (cluster: VirtualCluster<typeof alarm>) => Promise<void>) {
  const cluster = new VirtualCluster(alarm)
  await cluster.start(disks())
  const nowMs = (): number => cluster.time.environment.monotonicMs()
  const [any] = cluster.replicas
  const startMs = nowMs()
  await cluster.during(any!.commands.set({ inMs }))
  const setMs = nowMs()
  await meanwhile(cluster)
  for (;;) {
    const rang = cluster.replicas.map((each) => each.queries.rang({ consistency: 'local' }))
    if ((await cluster.during(Promise.all(rang))).includes(true)) break
    await cluster.time.pass(5)
  }
  const rangMs = nowMs()
  await cluster.close()
  return { sinceAskedMs: rangMs - startMs, sinceSetMs: rangMs - setMs }
}

function disks(): Record<string, VirtualMember> {
  return Object.fromEntries(['n1', 'n2', 'n3'].map((id) => [id, { storage: memoryStorage() }]))
}

test('D12: an alarm in an idle cluster is neither early nor late when leadership is handed over', async () => {
  const { sinceAskedMs, sinceSetMs } = await timeOfAlarm(4_000, async (cluster) => {
    for (let times = 0; times < 3; times += 1) {
      await cluster.time.pass(1_000)
      await cluster.during((await cluster.during(cluster.leader())).transferLeadership())
    }
  })
  expect(sinceAskedMs).toBeGreaterThanOrEqual(4_000)
  expect(sinceSetMs).toBeLessThanOrEqual(4_000 + electionTimeoutMs)
})

test('D12: nor when leadership cannot be handed over, and the leader goes on', async () => {
  const { sinceAskedMs, sinceSetMs } = await timeOfAlarm(1_000, async (cluster) => {
    await cluster.time.pass(700)
    const leader = await cluster.during(cluster.leader())
    const [other] = cluster.replicas.filter(({ id }) => id !== leader.id)
    cluster.hub.cut(leader.id, other!.id)
    await cluster.during(leader.transferLeadership(other!.id).catch(() => {}))
    cluster.hub.heal()
  })
  expect(sinceAskedMs).toBeGreaterThanOrEqual(1_000)
  expect(sinceSetMs).toBeLessThanOrEqual(1_000 + 2 * electionTimeoutMs)
})

test('D12: a lease that ended while leadership could not be handed over is told at once, also where others write', async () => {
  const cluster = new VirtualCluster(leases)
  await cluster.start()
  const leader = await cluster.during(cluster.leader())
  const ended = (): Promise<number> => cluster.during(leader.queries.ended({ consistency: 'local' }))
  await cluster.during(leader.commands.grant({ forMs: 500 }))
  await cluster.time.pass(450)
  const [other] = cluster.replicas.filter(({ id }) => id !== leader.id)
  cluster.hub.cut(leader.id, other!.id)
  await cluster.during(leader.transferLeadership(other!.id).catch(() => {}))
  cluster.hub.heal()
  for (let times = 0; times < 15; times += 1) {
    await cluster.during(leader.commands.grant({ forMs: 60_000 }))
    await cluster.time.pass(10)
  }
  expect(await ended()).toBe(1)
  await cluster.close()
})

test('D12: nor when a leader that is cut off is replaced', async () => {
  let withoutLeaderMs = 0
  const { sinceAskedMs, sinceSetMs } = await timeOfAlarm(4_000, async (cluster) => {
    await cluster.time.pass(2_500)
    const { id } = await cluster.during(cluster.leader())
    const others = cluster.replicas.filter((each) => each.id !== id)
    const cutMs = cluster.time.environment.monotonicMs()
    for (const other of others)
      for (const [from, to] of [
        [id, other.id],
        [other.id, id],
      ] as const)
        cluster.hub.cut(from, to)
    const isReplaced = async (): Promise<boolean> =>
      (await Promise.all(others.map((each) => each.status()))).some(
        ({ id: at, leadership }) => leadership.leader === at,
      )
    while (!(await cluster.during(isReplaced()))) await cluster.time.pass(5)
    withoutLeaderMs = cluster.time.environment.monotonicMs() - cutMs
  })
  expect(sinceAskedMs).toBeGreaterThanOrEqual(4_000)
  expect(sinceSetMs).toBeLessThanOrEqual(4_000 + withoutLeaderMs + electionTimeoutMs)
})

test('D12: nor when all members stop and start again', async () => {
  const members = disks()
  const cluster = new VirtualCluster(alarm)
  await cluster.start(members)
  const nowMs = (): number => cluster.time.environment.monotonicMs()
  const startMs = nowMs()
  await cluster.during(cluster.replicas[0]!.commands.set({ inMs: 6_000 }))
  const setMs = nowMs()
  let downMs = 0
  for (let times = 0; times < 2; times += 1) {
    await cluster.time.pass(2_000)
    const stoppedMs = nowMs()
    await cluster.close()
    cluster.replicas.length = 0
    await cluster.time.pass(13_000)
    await cluster.start(members)
    downMs += nowMs() - stoppedMs
  }
  const rang = async (): Promise<boolean> => cluster.during(cluster.replicas[0]!.queries.rang({ consistency: 'local' }))
  while (!(await rang())) await cluster.time.pass(5)
  expect(nowMs() - startMs).toBeGreaterThanOrEqual(6_000)
  expect(nowMs() - setMs).toBeLessThanOrEqual(6_000 + downMs + electionTimeoutMs)
  await cluster.close()
})
