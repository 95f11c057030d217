import { setImmediate as turn } from 'node:timers/promises'
import { virtualTime } from '@quorate/conformance'
import type { PeerProgress } from '@quorate/contracts'
import type { counter } from '@quorate/machine-counter'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Replica } from '../src/index.js'
import { TestCluster, tenants, type Tenant } from './clusters.js'

const onFixedLeader = tenants.find(({ name }) => name === 'fixedLeader') as Tenant

type Member = Replica<typeof counter>

let time: ReturnType<typeof virtualTime>
let cluster: TestCluster

beforeEach(() => {
  time = virtualTime({ settled: turn })
  cluster = new TestCluster(onFixedLeader, { environment: time.environment, snapshotEveryEntries: 20 })
})

afterEach(() => during(cluster.closeAll()))

/** The value of a promise; time passes until it is there. */
async function during<Value>(work: Promise<Value>): Promise<Value> {
  let isSettled = false
  const settle = (): void => void (isSettled = true)
  work.then(settle, settle)
  if (!(await time.until(() => isSettled, 60_000))) throw new Error('nothing came of it within a minute')
  return work
}

async function add(leader: Member, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1) await during(leader.commands.add({ by: 1 }))
}

async function phaseOf(leader: Member, id: string): Promise<PeerProgress['phase'] | undefined> {
  return (await leader.status()).progress.find((each) => each.id === id)?.phase
}

/** Resolves when the condition holds; it is looked at between any two things that happen. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  let holds = false
  const look = (): boolean => {
    void condition().then((value) => (holds ||= value))
    return holds
  }
  if (!(await time.until(look, 60_000))) throw new Error('it did not come true within a minute')
}

async function agree(leader: Member, late: Member): Promise<void> {
  await until(async () => (await late.status()).lastApplied >= (await leader.status()).lastApplied)
  const [one, other] = await Promise.all([leader, late].map((each) => during(each.status({ digest: true }))))
  expect(one?.digest).not.toBeNull()
  expect(other?.digest).toEqual(one?.digest)
}

test('D7: a member that was away for longer than the log reaches back is brought up by a snapshot, and is given what follows', async () => {
  await during(cluster.startAll())
  const leader = await during(cluster.leader())
  await add(leader, 5)
  await during(cluster.close('n3'))
  await add(leader, 100)
  const late = await during(cluster.start('n3'))
  const seen: string[] = []
  late.on('snapshot', ({ how, position }) => seen.push(`${how} ${position}`))
  const before = (await late.status()).lastApplied
  expect(before).toBeLessThanOrEqual(5)
  await until(async () => (await phaseOf(leader, 'n3')) === 'snapshot')
  await until(async () => (await phaseOf(leader, 'n3')) === 'replicate')
  await agree(leader, late)
  expect(seen).toEqual(['installed 100'])
  expect(await late.queries.value({ consistency: 'local' })).toBe(105)
  await add(leader, 3)
  await agree(leader, late)
  expect(await late.queries.value({ consistency: 'local' })).toBe(108)
})

test('D7: so is one that has never been there, though it dies and its leader starts again while the image is on its way', async () => {
  await during(cluster.start('n1'))
  await during(cluster.start('n2'))
  let leader = await during(cluster.leader())
  await add(leader, 50)
  await during(cluster.start('n3'))
  await until(async () => (await phaseOf(leader, 'n3')) === 'snapshot')
  await during(cluster.close('n3'))
  const late = await during(cluster.start('n3'))
  await until(async () => (await phaseOf(leader, 'n3')) === 'snapshot')
  await during(cluster.close('n1'))
  leader = await during(cluster.start('n1'))
  await agree(leader, late)
  expect(await during(leader.queries.value())).toBe(50)
  expect(await late.queries.value({ consistency: 'local' })).toBe(50)
})

test('D7: a restart begins at the snapshot, and replays what is behind it', async () => {
  await during(cluster.startAll())
  const leader = await during(cluster.leader())
  await add(leader, 50)
  for (const member of cluster.running.values()) {
    await until(async () => (await member.status()).lastApplied === 51)
  }
  await during(cluster.closeAll())
  const place = await cluster.storages.get('n2')!.open()
  expect(place.snapshot?.position).toBe(40)
  expect((await place.replay(() => undefined)).records).toBeLessThanOrEqual(12)
  await place.close()
  const alone = await during(cluster.start('n2'))
  expect((await alone.status()).lastApplied).toBe(40)
  expect(await alone.queries.value({ consistency: 'local' }), 'beside the session, which came first').toBe(39)
  await during(cluster.start('n1'))
  await until(async () => (await alone.status()).lastApplied >= 51)
  expect(await alone.queries.value({ consistency: 'local' })).toBe(50)
})
