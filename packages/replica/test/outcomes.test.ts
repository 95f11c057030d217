import { nodeId } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { LeaderView } from '../src/leader-view.js'
import { errorOfRefusal } from '../src/refusals.js'
import { TestCluster, tenants, until, type Tenant } from './clusters.js'

const onRaft = tenants.find(({ name }) => name === 'raft') as Tenant

test('D24: a member starts without a leader; a command that was never handed over is NO_LEADER and did not happen', async () => {
  const cluster = new TestCluster(onRaft)
  const replica = await cluster.start('n1')
  expect((await replica.status()).leadership.leader).toBeNull()
  await expect(replica.commands.add({ by: 1 }, { timeoutMs: 30 })).rejects.toMatchObject({
    code: 'NO_LEADER',
    outcome: 'notDone',
  })
  await expect(replica.queries.value({ timeoutMs: 30 })).rejects.toMatchObject({
    code: 'NO_LEADER',
    outcome: 'notDone',
  })
  expect(await replica.queries.value({ consistency: 'local' })).toBe(0)
  await cluster.closeAll()
})

test('D24: a command waits for a leader within its deadline', async () => {
  const cluster = new TestCluster(onRaft)
  const early = await cluster.start('n1')
  const command = early.commands.add({ by: 1 })
  await cluster.start('n2')
  await cluster.start('n3')
  expect(await command).toBe(1)
  await cluster.closeAll()
})

test('D24: a command that a leader cut off from the others holds at its deadline is TIMED_OUT, and its outcome unknown', async () => {
  const cluster = new TestCluster(onRaft)
  await cluster.startAll()
  const leader = await cluster.leader()
  await leader.commands.add({ by: 1 })
  const others = onRaft.ids.filter((id) => id !== leader.id)
  cluster.hub.split([leader.id], others)
  await expect(leader.commands.add({ by: 1 }, { timeoutMs: 20 })).rejects.toMatchObject({
    code: 'TIMED_OUT',
    outcome: 'unknown',
  })
  await cluster.closeAll()
})

test('D11: a command that a deposed leader held is handed to the next one, and is applied once', async () => {
  const cluster = new TestCluster(onRaft)
  await cluster.startAll()
  const old = await cluster.leader()
  await old.commands.add({ by: 1 })
  const others = onRaft.ids.filter((id) => id !== old.id)
  cluster.hub.split([old.id], others)
  const held = old.commands.add({ by: 100 }, { timeoutMs: 20_000 })
  const leaderAmongOthers = async (): Promise<string | null> => {
    const seen = await Promise.all(
      others.map(async (id) => (await cluster.running.get(id)?.status())?.leadership.leader ?? null),
    )
    return seen.find((leader) => leader !== null && leader !== old.id) ?? null
  }
  await until(async () => (await leaderAmongOthers()) !== null)
  const heir = cluster.running.get((await leaderAmongOthers()) ?? '')!
  await heir.commands.add({ by: 1 })
  cluster.hub.heal()
  expect(await held).toBe(102)
  expect(await heir.queries.value()).toBe(102)
  await cluster.closeAll()
})

test('D8, D9: every member takes commands and answers linearizable queries, whoever leads', async () => {
  const cluster = new TestCluster(onRaft)
  await cluster.startAll()
  await cluster.leader()
  let value = 0
  for (let round = 0; round < 5; round += 1) {
    for (const member of cluster.running.values()) {
      expect(await member.commands.add({ by: 1 })).toBe((value += 1))
      for (const reader of cluster.running.values()) expect(await reader.queries.value()).toBe(value)
    }
  }
  await cluster.closeAll()
})

test('D22: a refusal that names the leader carries its client address', () => {
  const member = (id: string) => ({ id: nodeId(id), address: `${id}:1`, clientAddress: `${id}:80`, incarnation: null })
  const view = new LeaderView(
    nodeId('n1'),
    ['n1', 'n2'].map((id) => ({ ...member(id), role: 'voter' })),
  )
  const refused = { kind: 'refused', reason: 'notLeader', leader: nodeId('n2'), detail: 'n1 does not lead' } as const
  expect(errorOfRefusal(refused, 'the command', view)).toMatchObject({
    code: 'NOT_LEADER',
    outcome: 'notDone',
    leader: { id: 'n2', clientAddress: 'n2:80' },
    message: 'this member does not lead: ask n2 at n2:80',
  })
})

test('a signal gives a command up, and says whether it may still happen', async () => {
  const cluster = new TestCluster(onRaft)
  const replica = await cluster.start('n1')
  await expect(replica.commands.add({ by: 1 }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'ABORTED',
    outcome: 'notDone',
  })
  const waiting = new AbortController()
  const command = replica.commands.add({ by: 1 }, { signal: waiting.signal })
  waiting.abort()
  await expect(command).rejects.toMatchObject({ code: 'ABORTED', outcome: 'notDone' })
  await cluster.start('n2')
  await cluster.start('n3')
  const leader = await cluster.leader()
  await leader.commands.add({ by: 1 })
  cluster.hub.split(
    [leader.id],
    onRaft.ids.filter((id) => id !== leader.id),
  )
  const handed = new AbortController()
  const inDoubt = leader.commands.add({ by: 1 }, { signal: handed.signal })
  handed.abort()
  await expect(inDoubt).rejects.toMatchObject({ code: 'ABORTED', outcome: 'unknown' })
  await cluster.closeAll()
})

test('D37: requests under way are bounded, and over the bound refused as OVERLOADED', async () => {
  const cluster = new TestCluster(onRaft, { requestsMax: 2 })
  const replica = await cluster.start('n1')
  const waiting = [1, 2].map(() => replica.commands.add({ by: 1 }, { timeoutMs: 50 }))
  await expect(replica.commands.add({ by: 1 })).rejects.toMatchObject({ code: 'OVERLOADED', outcome: 'notDone' })
  const ends = await Promise.allSettled(waiting)
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await expect(replica.commands.add({ by: 1 }, { timeoutMs: 10 })).rejects.toMatchObject({ code: 'NO_LEADER' })
  await cluster.closeAll()
})

test('D37: a command above the limit is COMMAND_TOO_LARGE, and the next one goes through', async () => {
  const cluster = new TestCluster(onRaft, { commandBytesMax: 100 })
  await cluster.startAll()
  const leader = await cluster.leader()
  await expect(leader.propose(new Uint8Array(101))).rejects.toMatchObject({
    code: 'COMMAND_TOO_LARGE',
    outcome: 'notDone',
    message: expect.stringMatching(/has 101 bytes and the limit is 100/) as string,
  })
  expect(await leader.commands.add({ by: 1 })).toBe(1)
  await cluster.closeAll()
})

test('D28: an input that does not fit is refused before it is proposed', async () => {
  const cluster = new TestCluster(onRaft)
  await cluster.startAll()
  const leader = await cluster.leader()
  const { lastApplied } = await leader.status()
  await expect(leader.commands.add({ by: 'two' } as never)).rejects.toMatchObject({
    code: 'INVALID_COMMAND',
    outcome: 'notDone',
    message: expect.stringMatching(/by: /) as string,
  })
  expect((await leader.status()).lastApplied).toBe(lastApplied)
  await cluster.closeAll()
})

test('D6: the live window of the log is in memory: a member that starts late is brought up from it', async () => {
  const cluster = new TestCluster(onRaft)
  await cluster.start('n1')
  await cluster.start('n2')
  const leader = await cluster.leader()
  for (let at = 0; at < 30; at += 1) await leader.commands.add({ by: 1 })
  const late = await cluster.start('n3')
  const { lastApplied } = await leader.status()
  await until(async () => (await late.status()).lastApplied >= lastApplied)
  expect(await late.queries.value({ consistency: 'local' })).toBe(30)
  await cluster.closeAll()
})
