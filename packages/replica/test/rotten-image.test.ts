import { forgetfulFiles } from '@quorate/conformance'
import { counter } from '@quorate/machine-counter'
import { fileStorage } from '@quorate/storage-file'
import { expect, test } from 'vitest'
import { VirtualCluster } from './virtual-cluster.js'

test('F-43: an image that rots is written anew for a member that needs it, also where nobody writes', async () => {
  const cluster = new VirtualCluster(counter, { snapshotEveryEntries: 10, tailEntriesMax: 0 })
  const disks = new Map(['n1', 'n2', 'n3'].map((id) => [id, forgetfulFiles(1)]))
  const onDisk = [...disks].map(([id, files]) => {
    const { environment } = cluster.time
    return [id, { storage: fileStorage({ directory: '/place', files: files.mount(), environment }) }] as const
  })
  await cluster.start(Object.fromEntries(onDisk))
  const leader = await cluster.during(cluster.leader())
  const warned: string[] = []
  leader.on('warning', ({ code }) => warned.push(code))
  const away = cluster.replicas.find((replica) => replica !== leader)
  const others = cluster.replicas.filter((replica) => replica !== away)
  for (const other of others) {
    cluster.hub.cut(other.id, away?.id ?? '')
    cluster.hub.cut(away?.id ?? '', other.id)
  }
  for (let each = 0; each < 40; each += 1) await cluster.during(leader.commands.add({ by: 1 }))
  await cluster.time.pass(2_000)
  for (const { id } of others) {
    const files = disks.get(id)
    const images = [...(files?.files('durable') ?? [])].filter(([path]) => /snapshot-\d+$/.test(path))
    expect(images).toHaveLength(1)
    for (const [path, bytes] of images) files?.flipBit(path, (bytes.length - 60) * 8)
  }
  cluster.hub.heal()

  const position = (await cluster.during(leader.status())).lastApplied
  await cluster.time.pass(30_000)
  const digests = await cluster.during(Promise.all(cluster.replicas.map((replica) => replica.status({ digest: true }))))
  expect(digests.map(({ lastApplied }) => lastApplied >= position)).toEqual([true, true, true])
  expect(new Set(digests.map(({ digest }) => digest?.sha256)).size).toBe(1)
  expect(warned).toContain('SNAPSHOT_FAILED')
  const { warnings } = await cluster.during(leader.status())
  expect(warnings.map(({ code }) => code)).not.toContain('SNAPSHOT_FAILED')
  await cluster.close()
})
