import { describe, expect, test } from 'vitest'
import { tenants, TestCluster, until } from './clusters.js'

describe.each(tenants)('the driver on $name', (tenant) => {
  test('commands resolve with their result once committed and applied, in order', async () => {
    const cluster = new TestCluster(tenant)
    await cluster.startAll()
    const leader = await cluster.leader()
    const results = await Promise.all(Array.from({ length: 200 }, () => leader.commands.add({ by: 1 })))
    expect(results).toEqual(Array.from({ length: 200 }, (_, at) => at + 1))
    expect(await leader.queries.value()).toBe(200)
    await cluster.closeAll()
  })

  test('a linearizable query sees every command that was answered before it', async () => {
    const cluster = new TestCluster(tenant)
    await cluster.startAll()
    const leader = await cluster.leader()
    for (let value = 1; value <= 20; value += 1) {
      await leader.commands.add({ by: 1 })
      expect(await leader.queries.value()).toBe(value)
    }
    await cluster.closeAll()
  })

  test('every member applies the same, and D13: digests at one position are equal', async () => {
    const cluster = new TestCluster(tenant)
    await cluster.startAll()
    const leader = await cluster.leader()
    await Promise.all(Array.from({ length: 50 }, () => leader.commands.add({ by: 2 })))
    const target = (await leader.status({ digest: true })).digest
    expect(target).not.toBeNull()
    for (const replica of cluster.running.values()) {
      await until(async () => (await replica.status()).lastApplied >= (target?.position ?? 0))
      expect((await replica.status({ digest: true })).digest).toEqual(target)
      expect(await replica.queries.value({ consistency: 'local' })).toBe(100)
    }
    await cluster.closeAll()
  })

  test('a restart replays the journal: nothing acknowledged is missing, nothing is applied twice', async () => {
    const cluster = new TestCluster(tenant)
    await cluster.startAll()
    let leader = await cluster.leader()
    for (let at = 0; at < 10; at += 1) await leader.commands.add({ by: 1 })
    await cluster.closeAll()
    await cluster.startAll()
    leader = await cluster.leader()
    expect(await leader.queries.value()).toBe(10)
    expect(await leader.commands.add({ by: 1 })).toBe(11)
    await cluster.closeAll()
  })

  test('D39: leadership and stopped are told, and a listener that throws stops nothing', async () => {
    const cluster = new TestCluster(tenant)
    const replica = await cluster.start(tenant.ids[0] ?? '')
    const seen: string[] = []
    replica.on('leadership', () => {
      throw new Error('a listener of a careless user')
    })
    replica.on('leadership', ({ leader }) => seen.push(`leads ${leader ?? 'nobody'}`))
    replica.on('stopped', ({ reason }) => seen.push(`stopped ${reason?.message ?? 'by close'}`))
    for (const id of tenant.ids.slice(1)) await cluster.start(id)
    await cluster.leader()
    await cluster.closeAll()
    expect(seen.filter((text) => text.startsWith('leads n')).length).toBeGreaterThan(0)
    expect(seen.at(-1)).toBe('stopped by close')
  })

  test('after close every call says that nothing was done', async () => {
    const cluster = new TestCluster(tenant)
    await cluster.startAll()
    const leader = await cluster.leader()
    await cluster.closeAll()
    await expect(leader.commands.add({ by: 1 })).rejects.toMatchObject({ code: 'STOPPED', outcome: 'notDone' })
    await expect(leader.queries.value()).rejects.toMatchObject({ code: 'STOPPED', outcome: 'notDone' })
  })
})
