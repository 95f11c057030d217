import { counter } from '@quorate/machine-counter'
import { expect, test } from 'vitest'
import { VirtualCluster, type VirtualClusterOptions } from './virtual-cluster.js'

type Counters = VirtualCluster<typeof counter>

/** A cluster of three counters, a leader and a member that follows it. */
async function three(options: VirtualClusterOptions = {}) {
  const cluster: Counters = new VirtualCluster(counter, options)
  await cluster.start()
  const leader = await cluster.leader()
  const follower = cluster.replicas.find(({ id }) => id !== leader.id)
  if (!follower) throw new Error('nobody follows')
  return { cluster, leader, follower }
}

const pause = (cluster: Counters, ms: number): Promise<void> =>
  cluster.during(new Promise<void>((resolve) => void cluster.time.environment.setTimer(ms, resolve)))

test('D11: a command does not fail because the session of its member has just ended', async () => {
  const { cluster, leader } = await three({ sessionTimeoutMs: 300 })
  for (let round = 1; round <= 20; round += 1) {
    expect(await cluster.during(leader.commands.add({ by: 1 }))).toBe(round)
    await pause(cluster, 300 + round * 10)
  }
  await cluster.close()
})

test('a member whose sessions end at once tries again in growing pauses, not at full speed', async () => {
  const { cluster, follower } = await three({ sessionTimeoutMs: 1 })
  cluster.hub.setFaults({ latencyMs: 3 })
  const command = follower.commands.add({ by: 1 }, { timeoutMs: 5_000 })
  await expect(cluster.during(command)).rejects.toMatchObject({ code: 'SESSION_EXPIRED', outcome: 'notDone' })
  const { lastApplied } = await follower.status()
  expect(lastApplied).toBeGreaterThan(10)
  expect(lastApplied).toBeLessThan(60)
  await cluster.close()
})

test('a deadline is its own, whoever opened the session for others, and however long that may take by default', async () => {
  const { cluster, leader, follower } = await three({ timeoutMs: 500 })
  const others = cluster.replicas.filter(({ id }) => id !== follower.id).map(({ id }) => id)
  cluster.hub.split([follower.id], others)
  await pause(cluster, 1_000)
  const patient = follower.commands.add({ by: 1 }, { timeoutMs: 20_000 })
  await pause(cluster, 450)
  const late = follower.commands.add({ by: 1 }, { timeoutMs: 20_000 })
  const hasty = follower.commands.add({ by: 1 }, { timeoutMs: 100 }).catch((error: unknown) => error)
  expect(await cluster.during(hasty)).toMatchObject({ code: 'NO_LEADER', outcome: 'notDone' })
  await pause(cluster, 1_000)
  cluster.hub.heal()
  expect([await cluster.during(patient), await cluster.during(late)].sort()).toEqual([1, 2])
  expect(await cluster.during(leader.queries.value())).toBe(2)
  await cluster.close()
})

test('D9: commands that a follower forwards over a network that doubles every frame are done once, and said to be', async () => {
  const { cluster, leader, follower } = await three({ uncommittedEntriesMax: 1 })
  await cluster.during(follower.commands.add({ by: 1 }))
  cluster.hub.setFaults({ duplication: 1, latencyMs: 1 })
  const outcomes = await cluster.during(
    Promise.allSettled(Array.from({ length: 10 }, () => follower.commands.add({ by: 1 }))),
  )
  const done = outcomes.filter(({ status }) => status === 'fulfilled').length
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'OVERLOADED', outcome: 'notDone' })
  }
  cluster.hub.setFaults({})
  expect(done).toBeGreaterThan(0)
  expect(await cluster.during(leader.queries.value())).toBe(1 + done)
  await cluster.during(follower.transferLeadership(follower.id))
  await cluster.close()
})

test('what is no nonce and no place in a session is refused where it is said, and stops nobody', async () => {
  const { cluster, leader, follower } = await three()
  for (const replica of [leader, follower]) {
    for (const nonce of [new Uint8Array(3), new Uint8Array(17)]) {
      await expect(replica.openSession(nonce)).rejects.toThrow('a nonce of 16 bytes')
    }
    const id = await cluster.during(replica.openSession())
    const places = [
      { id, sequence: 1.5, lowestUnacknowledged: 1 },
      { id, sequence: -1, lowestUnacknowledged: 1 },
      { id, sequence: NaN, lowestUnacknowledged: 1 },
      { id, sequence: 1, lowestUnacknowledged: 2 },
      { id, sequence: 8_193, lowestUnacknowledged: 1 },
    ]
    for (const session of places) {
      await expect(replica.commands.add({ by: 1 }, { session })).rejects.toThrow('a place in a session is')
    }
    const handles = [
      7 as never,
      { ...id, position: 0 as never },
      { ...id, nonce: new Uint8Array(3) },
      { ...id, clusterId: '' },
    ]
    for (const handle of handles) {
      const place = { id: handle, sequence: 1, lowestUnacknowledged: 1 }
      await expect(replica.commands.add({ by: 1 }, { session: place })).rejects.toThrow('what openSession resolved to')
      await expect(replica.closeSession(handle)).rejects.toThrow('what openSession resolved to')
      expect(() => replica.hasSession(handle)).toThrow('what openSession resolved to')
    }
  }
  await pause(cluster, 2_000)
  expect(await cluster.during(follower.commands.add({ by: 1 }))).toBe(1)
  await cluster.close()
})

test('a deadline beyond what a timer can count is refused, and not taken for none', async () => {
  const { cluster, leader } = await three()
  await expect(leader.commands.add({ by: 1 }, { timeoutMs: 2 ** 31 })).rejects.toThrow(TypeError)
  await expect(leader.queries.value({ timeoutMs: 2 ** 31 })).rejects.toThrow('from 1 to 2147483647')
  expect(await cluster.during(leader.commands.add({ by: 1 }, { timeoutMs: 2 ** 31 - 1 }))).toBe(1)
  await cluster.close()
})

test('D28: bytes that are no command of the machine are refused before they are proposed', async () => {
  const { cluster, leader, follower } = await three()
  for (const replica of [leader, follower]) {
    const unknown = Uint8Array.of(0x91, 0xa3, 0x61, 0x64, 0x64 + 1)
    for (const bytes of [new Uint8Array(), Uint8Array.of(0xc1), Uint8Array.of(1, 2, 3), unknown]) {
      await expect(replica.propose(bytes)).rejects.toMatchObject({ code: 'INVALID_COMMAND', outcome: 'notDone' })
    }
    await cluster.during(replica.propose(counter.commands.add.encode({ by: 1 })))
  }
  expect(await cluster.during(leader.queries.value())).toBe(2)
  await cluster.close()
})

test('members and sessions are named by plain text and numbers, which are checked where they are given', async () => {
  const { cluster, follower } = await three()
  const { clusterId, nonce, position } = await cluster.during(follower.openSession())
  const at: number = position
  const place = { id: { clusterId, nonce, position: at }, sequence: 1, lowestUnacknowledged: 1 }
  expect(await cluster.during(follower.commands.add({ by: 1 }, { session: place }))).toBe(1)
  const target: string = follower.id
  await cluster.during(follower.transferLeadership(target))
  await expect(follower.transferLeadership('no name')).rejects.toThrow(TypeError)
  await expect(follower.transferLeadership('no name')).rejects.toThrow('"no name" cannot name a member')
  await cluster.close()
})

test('members know the sessions that are there, and nobody else’s', async () => {
  const { cluster, leader, follower } = await three()
  const session = await cluster.during(follower.openSession())
  await cluster.during(leader.queries.value())
  for (const replica of [leader, follower]) {
    expect(replica.hasSession(session)).toBe(true)
    expect(replica.hasSession({ ...session, nonce: session.nonce.map((byte) => byte ^ 1) })).toBe(false)
    expect(replica.hasSession({ ...session, position: session.position + 1 })).toBe(false)
    expect(replica.hasSession({ ...session, clusterId: '0'.repeat(32) })).toBe(false)
  }
  await cluster.during(follower.closeSession(session))
  expect(follower.hasSession(session)).toBe(false)
  await cluster.close()
})

test('a flood of sessions at one member locks out neither the callers of others nor the sessions that were there', async () => {
  const { cluster, leader, follower } = await three()
  const id = await cluster.during(follower.openSession())
  const flood = Array.from({ length: 3_000 }, () => leader.openSession().then(() => 'opened', String))
  const ends = await cluster.during(Promise.all(flood))
  expect(ends.filter((end) => end === 'opened').length).toBeLessThan(1_200)
  expect(ends.at(-1)).toContain('keep a session for many commands')
  for (const [at, replica] of cluster.replicas.entries()) {
    expect(await cluster.during(replica.commands.add({ by: 1 }))).toBe(at + 1)
  }
  const place = { id, sequence: 1, lowestUnacknowledged: 1 }
  expect(await cluster.during(follower.commands.add({ by: 1 }, { session: place }))).toBe(4)
  await cluster.close()
})
