import { counter } from '@quorate/machine-counter'
import { expect, test } from 'vitest'
import { TestCluster, tenants, until, type Tenant } from './clusters.js'

const onRaft = tenants.find(({ name }) => name === 'raft') as Tenant

test('D7: a member that was away for longer than the log reaches back is brought up by a snapshot', async () => {
  const cluster = new TestCluster(onRaft, { snapshotEveryEntries: 20, tailEntriesMax: 5 })
  const seen: string[] = []
  await cluster.start('n1')
  await cluster.start('n2')
  const leader = await cluster.leader()
  for (let at = 0; at < 100; at += 1) await leader.commands.add({ by: 1 })
  const late = await cluster.start('n3')
  late.on('snapshot', ({ how }) => seen.push(how))
  await until(async () => (await late.status()).lastApplied >= (await leader.status()).lastApplied)
  expect(seen).toContain('installed')
  expect(await late.queries.value({ consistency: 'local' })).toBe(100)
  expect(await late.commands.add({ by: 1 })).toBe(101)
  await until(async () => (await late.status()).lastApplied >= (await leader.status()).lastApplied)
  const [one, other] = [await late.status({ digest: true }), await leader.status({ digest: true })]
  if (one.digest?.position === other.digest?.position) expect(one.digest).toEqual(other.digest)
  await cluster.closeAll()
})

test('D7: a restart begins at the last snapshot, and D11: the sessions are in it', async () => {
  const cluster = new TestCluster(onRaft, { snapshotEveryEntries: 10, tailEntriesMax: 0 })
  await cluster.startAll()
  const leader = await cluster.leader()
  const session = await leader.openSession()
  const command = { id: session, sequence: 1, lowestUnacknowledged: 1 }
  expect(await leader.propose(add(5), { session: command })).toMatchObject({ position: expect.any(Number) as number })
  const saved = new Promise((resolve) => leader.on('snapshot', resolve))
  for (let at = 0; at < 25; at += 1) await leader.commands.add({ by: 1 })
  await saved
  await cluster.closeAll()
  await cluster.startAll()
  const next = await cluster.leader()
  await next.propose(add(5), { session: command })
  expect(await next.queries.value()).toBe(30)
  await cluster.closeAll()
})

function add(by: number): Uint8Array {
  return counter.commands.add.encode({ by })
}
