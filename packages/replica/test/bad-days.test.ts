/** Bad days that no other test of the driver tells by name. */
import type { Environment, Storage } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { defineMachine } from '@quorate/machine'
import { counter } from '@quorate/machine-counter'
import { raft } from '@quorate/raft'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryTransport } from '@quorate/transport-memory'
import { expect, test } from 'vitest'
import { createReplica } from '../src/index.js'
import { TestCluster, tenants, type Tenant } from './clusters.js'
import { leases } from './leases.js'
import { VirtualCluster } from './virtual-cluster.js'

const onRaft = tenants.find(({ name }) => name === 'raft') as Tenant
const day = 24 * 3_600_000

test('F-9: a follower that starts again, or is brought up by a snapshot, answers no read from what it had before', async () => {
  const cluster = new TestCluster(onRaft, { snapshotEveryEntries: 10, tailEntriesMax: 0 })
  await cluster.startAll()
  let value = 0
  const behind = [0, 1, 1, 40]
  for (const missed of behind) {
    const leader = await cluster.leader()
    const follower = onRaft.ids.find((id) => id !== leader.id) ?? ''
    const held = cluster.running.get(follower)?.queries.value()
    const ended = held?.then(
      (answer) => answer,
      (error: unknown) => error,
    )
    await cluster.close(follower)
    const before = await ended
    if (before !== value) expect(before).toMatchObject({ code: 'STOPPED' })
    for (let left = missed; left > 0; left -= 1) value = Number(await leader.commands.add({ by: 1 }))
    const again = await cluster.start(follower)
    expect(await again.queries.value()).toBe(value)
  }
  await cluster.closeAll()
})

test('F-18: a member that starts again on a snapshot has the members that the snapshot holds, whatever it is told', async () => {
  const cluster = new TestCluster(onRaft, { snapshotEveryEntries: 10, tailEntriesMax: 0 })
  await cluster.startAll()
  const leader = await cluster.leader()
  const id = onRaft.ids.find((each) => each !== leader.id) ?? ''
  const follower = cluster.running.get(id)!
  const saved = new Promise((resolve) => follower.on('snapshot', resolve))
  for (let left = 25; left > 0; left -= 1) await leader.commands.add({ by: 1 })
  await saved
  const { members } = await follower.status()
  await cluster.close(id)
  const again = await createReplica({
    id,
    members: { n1: 'moved:1', n2: 'moved:2', n3: 'moved:3' },
    machine: counter,
    protocol: raft(),
    transport: memoryTransport({ hub: cluster.hub }),
    storage: cluster.storages.get(id)!,
    environment: nodeEnvironment(),
  })
  const status = await again.status()
  expect(status.lastApplied).toBeGreaterThanOrEqual(10)
  expect(status.members).toEqual(members)
  expect(await again.commands.add({ by: 1 })).toBe(26)
  await again.close()
  await cluster.closeAll()
})

test('F-30: forwarded commands that arrive twice, and links that break under them, leave each answer with its own question', async () => {
  const cluster = new TestCluster(onRaft)
  await cluster.startAll()
  const leader = await cluster.leader()
  cluster.hub.setFaults({ duplication: 1 })
  const followers = onRaft.ids.filter((id) => id !== leader.id)
  const asked = followers.flatMap((id, at) =>
    Array.from({ length: 40 }, (_, each) => {
      const by = 1 + 2 * each + at
      return cluster.running
        .get(id)!
        .commands.add({ by }, { timeoutMs: 20_000 })
        .then((result) => ({ by, result: Number(result) }))
    }),
  )
  for (const id of followers) {
    cluster.hub.split([leader.id], [id])
    await nodeEnvironment().yieldTurn()
    cluster.hub.heal()
  }
  const answers = (await Promise.all(asked)).sort((left, right) => left.result - right.result)
  let value = 0
  for (const { by, result } of answers) expect(result).toBe((value += by))
  expect(await leader.queries.value()).toBe(value)
  await cluster.closeAll()
})

test('F-36: a machine that throws stops every member at that entry, and none goes past it', async () => {
  const superstitious = defineMachine({
    name: 'superstitious',
    version: 1,
    initial: () => ({ value: 0 }),
    commands: {
      add: {
        apply: (state) => {
          if (state.value === 2) throw new RangeError('not three')
          return (state.value += 1)
        },
      },
    },
    queries: { value: { read: (state) => state.value } },
  })
  const cluster = new VirtualCluster(superstitious)
  await cluster.start()
  const leader = await cluster.during(cluster.leader())
  for (const expected of [1, 2]) expect(await cluster.during(leader.commands.add())).toBe(expected)
  const third = leader.commands.add().catch((error: unknown) => error)
  expect(await cluster.during(third)).toMatchObject({ code: 'STOPPED', outcome: 'unknown' })
  await cluster.time.pass(10_000)
  const all = await cluster.during(Promise.all(cluster.replicas.map((replica) => replica.status())))
  const { lastApplied } = await cluster.during(leader.status())
  expect(all.map((status) => status.lastApplied)).toEqual([lastApplied, lastApplied, lastApplied])
  // With two of three stopped, the last one never learns that the entry is committed, and waits.
  const reasons = all.map(({ state, reason }) => `${state}: ${reason ?? 'not told'}`).sort()
  expect(reasons[0]).toBe('running: not told')
  for (const reason of reasons.slice(1)) expect(reason).toMatch(/^stopped: .*not three/)
  await cluster.close()
})

/** The identity that a storage holds now, as a backup would. */
async function identityIn(storage: Storage): Promise<Uint8Array> {
  const open = await storage.open()
  const identity = open.identity
  await open.close()
  if (!identity) throw new Error('there is no identity yet')
  return identity
}

async function storageWith(identity: Uint8Array): Promise<Storage> {
  const storage = memoryStorage()
  const open = await storage.open()
  await open.saveIdentity(identity)
  await open.close()
  return storage
}

test('F-42: a restored backup, and a second process on a copy, are refused by their peers, and the others go on', async () => {
  const cluster = new TestCluster(onRaft)
  await cluster.start('n1')
  await cluster.start('n2')
  const original = cluster.storages.get('n3')!
  const identities: Uint8Array[] = []
  for (let starts = 1; starts <= 3; starts += 1) {
    const n3 = await cluster.start('n3')
    await n3.commands.add({ by: 1 })
    await cluster.close('n3')
    identities.push(await identityIn(original))
  }

  const onHub = memoryTransport({ hub: cluster.hub })
  const startCopy = async (identity: Uint8Array, address: string) =>
    createReplica({
      id: 'n3',
      members: { n1: 'n1:1', n2: 'n2:1', n3: 'n3:1' },
      machine: counter,
      protocol: raft(),
      transport: { reach: 'process', start: (host) => onHub.start({ ...host, address }) },
      storage: await storageWith(identity),
      environment: nodeEnvironment(),
    })

  await expect(startCopy(identities[0]!, 'n3:1')).rejects.toMatchObject({
    code: 'STALE_DIRECTORY',
    message: expect.stringMatching(
      /does not take this member: .* n3 has started less often than it had.* older copy/,
    ) as string,
  })

  const n3 = await cluster.start('n3')
  await n3.commands.add({ by: 1 })
  const second = await startCopy(identities[2]!, 'elsewhere:1')
  const { warnings } = await second.status()
  const refused = warnings.filter(({ code }) => code === 'PEER_REFUSED').map(({ message }) => message)
  expect(refused).toContainEqual(expect.stringMatching(/MEMBER_IMPOSTOR.*two processes/))
  await second.close()
  expect(await n3.commands.add({ by: 1 })).toBe(5)
  await cluster.closeAll()
})

test('F-44: after a leader whose wall clock is a day ahead, and one with a right clock, no lease and no session ends early', async () => {
  const aheadMs = new Map<string, number>()
  const of = (id: string) => ({
    environment: (real: Environment): Environment => ({
      monotonicMs: () => real.monotonicMs(),
      wallMs: () => real.wallMs() + (aheadMs.get(id) ?? 0),
      setTimer: (delayMs, run) => real.setTimer(delayMs, run),
      yieldTurn: () => real.yieldTurn(),
      randomBytes: (count) => real.randomBytes(count),
    }),
  })
  const cluster = new VirtualCluster(leases)
  await cluster.start({ n1: of('n1'), n2: of('n2'), n3: of('n3') })
  const first = await cluster.during(cluster.leader())
  const session = await cluster.during(first.openSession())
  await cluster.during(first.commands.grant({ forMs: 60_000 }))
  aheadMs.set(first.id, day)
  await cluster.during(first.commands.grant({ forMs: 60_000 }))
  await cluster.time.pass(1_000)
  await cluster.during(first.close())
  const next = await cluster.during(cluster.leader())
  expect(next.id).not.toBe(first.id)
  const again = { id: session, sequence: 1, lowestUnacknowledged: 1 }
  await cluster.during(next.propose(leases.commands.grant.encode({ forMs: 60_000 }), { session: again }))
  expect(await cluster.during(next.queries.ended())).toBe(0)
  await cluster.time.pass(70_000)
  expect(await cluster.during(next.queries.ended())).toBe(3)
  await cluster.close()
})
