import {
  nodeId,
  position,
  sortedMembers,
  type ClusterPlan,
  type ClusterWish,
  type ForceMembers,
  type Member,
  type OpenStorage,
  type Storage,
} from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { counter } from '@quorate/machine-counter'
import { forceMembers, raft } from '@quorate/raft'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport, type MemoryHub } from '@quorate/transport-memory'
import { afterEach, describe, expect, test } from 'vitest'
import { createReplica, planCluster, type Replica } from '../src/index.js'
import { until } from './clusters.js'

const running: Replica<typeof counter>[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((replica) => replica.close()))
})

interface Place {
  readonly hub: MemoryHub
  readonly cluster: string
  readonly ids: readonly string[]
}

async function start(id: string, storage: Storage, { hub, cluster, ids }: Place): Promise<Replica<typeof counter>> {
  const replica = await createReplica({
    id,
    cluster,
    members: Object.fromEntries(ids.map((each) => [each, { address: `${each}:1`, clientAddress: `${each}:80` }])),
    machine: counter,
    protocol: raft(),
    transport: memoryTransport({ hub }),
    storage,
    environment: nodeEnvironment(),
    snapshotEveryEntries: 8,
  })
  running.push(replica)
  return replica
}

/** A life of five members: ten additions that all have, two more that n4 and n5 have missed. Returns their storages. */
async function lostCluster(cluster = 'shop', additions = 10): Promise<Storage[]> {
  const place = { hub: memoryHub(), cluster, ids: ['n1', 'n2', 'n3', 'n4', 'n5'] }
  const storages = place.ids.map(() => memoryStorage())
  const replicas = await Promise.all(storages.map((storage, at) => start(place.ids[at] ?? '', storage, place)))
  for (let left = additions; left > 0; left -= 1) await replicas[0]?.commands.add({ by: 1 })
  for (const replica of replicas) await until(async () => (await read(replica)) === additions)
  await Promise.all(replicas.slice(3).map((replica) => replica.close()))
  for (let left = 2; left > 0; left -= 1) await replicas[0]?.commands.add({ by: 1 })
  await Promise.all(running.splice(0).map((replica) => replica.close()))
  return storages
}

async function read(replica: Replica<typeof counter>): Promise<number> {
  return replica.queries.value({ consistency: 'local' })
}

function wish(cluster: string, ...ids: string[]): ClusterWish {
  const members = ids.map((id): Member => ({
    id: nodeId(id),
    address: `${id}:1`,
    clientAddress: null,
    incarnation: null,
    role: 'voter',
  }))
  return { cluster, members: sortedMembers(members), forceMembers, environment: nodeEnvironment() }
}

async function planOf(
  storages: readonly Storage[],
  wanted: ClusterWish,
): Promise<ClusterPlan & { close(): Promise<void> }> {
  const opened: OpenStorage[] = []
  for (const storage of storages) opened.push(await storage.open())
  const close = async (): Promise<void> => {
    for (const open of opened) await open.close()
  }
  try {
    return { ...(await planCluster(opened, wanted)), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** What the members of a planned cluster start with. */
async function seeded(plan: ClusterPlan): Promise<Map<string, Storage>> {
  const storages = new Map<string, Storage>()
  for (const { id } of plan.members) {
    const storage = memoryStorage()
    await plan.seed(id, storage)
    storages.set(id, storage)
  }
  return storages
}

describe('a cluster that lost its majority', () => {
  test('keeps the client addresses of members that stay, unless they are said anew', async () => {
    const { members, ...rest } = wish('shop-2', 'n2', 'm2', 'n4')
    const wanted = members.map((member) => (member.id === 'n4' ? { ...member, clientAddress: 'n4:8080' } : member))
    const plan = await planOf(await lostCluster(), { ...rest, members: wanted })
    expect(plan.members.map(({ id, clientAddress }) => [id, clientAddress])).toEqual([
      ['m2', null],
      ['n2', 'n2:80'],
      ['n4', 'n4:8080'],
    ])
    await plan.close()
  })

  test('goes on with all that the survivor ahead of the others has, and takes commands again', async () => {
    const [, n2, , n4, n5] = await lostCluster()
    if (!n2 || !n4 || !n5) throw new Error('there are five')
    const plan = await planOf([n4, n2, n5], wish('shop-2', 'n2', 'm2', 'm3'))
    expect(plan.source.id).toBe('n2')
    expect(plan.survivors.map(({ id, members }) => [id, members.length])).toEqual([
      ['n4', 5],
      ['n2', 5],
      ['n5', 5],
    ])
    const storages = await seeded(plan)
    await plan.close()
    const place = { hub: memoryHub(), cluster: 'shop-2', ids: ['n2', 'm2', 'm3'] }
    const replicas = await Promise.all([...storages].map(([id, storage]) => start(id, storage, place)))
    expect(await replicas[1]?.queries.value()).toBe(12)
    await replicas[2]?.commands.add({ by: 1 })
    expect(await replicas[0]?.queries.value()).toBe(13)
  })

  test('takes the survivor of the latest epoch, however short its log is, and of those the one with the longest', async () => {
    const [n1, n2, n3] = await lostCluster()
    const ends = [
      { epoch: 2, last: position(40) },
      { epoch: 3, last: position(11) },
      { epoch: 3, last: position(12) },
    ]
    const ending: ForceMembers = (begun) => {
      const recovery = forceMembers(begun)
      const end = ends.shift()
      return {
        record: (sequence, bytes) => recovery.record(sequence, bytes),
        finish: () => ({ ...recovery.finish(), ...end }),
      }
    }
    const plan = await planOf([n1!, n2!, n3!], { ...wish('shop-2', 'n1', 'n2', 'n3'), forceMembers: ending })
    expect(plan.source.id).toBe('n3')
    await plan.close()
  })

  test('goes on without a snapshot too', async () => {
    const [n1] = await lostCluster('shop', 1)
    if (!n1) throw new Error('there are five')
    const plan = await planOf([n1], wish('shop-2', 'm1'))
    expect(plan.beginning.snapshot).toBeNull()
    const [storage] = (await seeded(plan)).values()
    await plan.close()
    if (!storage) throw new Error('there is one')
    const replica = await start('m1', storage, { hub: memoryHub(), cluster: 'shop-2', ids: ['m1'] })
    expect(await replica.queries.value()).toBe(3)
  })

  test('D16: a member of the old cluster that comes back is refused, and so is one of the new without its directory', async () => {
    const [n1, n2] = await lostCluster()
    if (!n1 || !n2) throw new Error('there are five')
    const ids = ['n1', 'n2', 'n3']
    const plan = await planOf([n1], wish('shop-2', ...ids))
    const storages = await seeded(plan)
    await plan.close()
    const place = { hub: memoryHub(), cluster: 'shop-2', ids }
    const refusals: string[] = []
    for (const id of ['n1', 'n3']) {
      const replica = await start(id, storages.get(id) ?? memoryStorage(), place)
      replica.on('warning', ({ message }) => refusals.push(message))
    }
    await start('n2', n2, { ...place, cluster: 'shop', ids: ['n1', 'n2', 'n3', 'n4', 'n5'] })
    await until(() => refusals.some((message) => message.includes('WRONG_CLUSTER')))
    await running.pop()?.close()
    await start('n2', memoryStorage(), place)
    await until(() => refusals.some((message) => message.includes('MEMBER_IMPOSTOR')))
    expect(await running[0]?.queries.value()).toBe(12)
  })

  test('is not mixed with another one, nor with itself', async () => {
    const [[n1, n2], [other]] = [await lostCluster(), await lostCluster('books')]
    if (!n1 || !n2 || !other) throw new Error('there are five')
    await expect(planOf([n1, other], wish('shop-2', 'm1'))).rejects.toMatchObject({ code: 'WRONG_CLUSTER' })
    const same = planOf([n1], wish('shop', 'n1', 'n2', 'n3', 'n4', 'n5'))
    await expect(same).rejects.toThrow(/could not be told apart: give it another name/)
    const twice = await n1.open()
    await expect(planCluster([twice, twice], wish('shop-2', 'm1'))).rejects.toThrow(/n1 was named twice/)
    await twice.close()
  })

  test('needs a name, members, and something that is left', async () => {
    await expect(planOf([], wish('shop-2', 'm1'))).rejects.toThrow(/name the directory of a survivor/)
    await expect(planOf([], wish('', 'm1'))).rejects.toThrow(/1 to 128 visible ASCII characters/)
    await expect(planOf([], wish('shop-2'))).rejects.toThrow(/must name at least one member/)
    await expect(planOf([memoryStorage()], wish('shop-2', 'm1'))).rejects.toThrow(/no member ever started on it/)
  })

  test('is written into new storages only', async () => {
    const [n1, n2] = await lostCluster()
    if (!n1 || !n2) throw new Error('there are five')
    const plan = await planOf([n1], wish('shop-2', 'm1'))
    await expect(plan.seed(nodeId('m1'), n2)).rejects.toThrow(/the storage for m1 is not new/)
    await expect(plan.seed(nodeId('m9'), memoryStorage())).rejects.toThrow(/m9 is no member/)
    await plan.close()
  })
})
