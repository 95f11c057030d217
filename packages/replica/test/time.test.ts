import { expect, test } from 'vitest'
import { leases } from './leases.js'
import { VirtualCluster } from './virtual-cluster.js'

test('D12, F-44: leases end on every member of a cluster where nobody writes', async () => {
  const cluster = new VirtualCluster(leases)
  await cluster.start()
  const leader = await cluster.during(cluster.leader())
  await cluster.during(leader.commands.grant({ forMs: 5_000 }))
  await cluster.during(leader.commands.grant({ forMs: 60_000 }))
  const endedOnAll = async (): Promise<number[]> =>
    cluster.during(Promise.all(cluster.replicas.map((each) => each.queries.ended({ consistency: 'local' }))))

  await cluster.time.pass(4_000)
  expect(await endedOnAll()).toEqual([0, 0, 0])
  await cluster.time.pass(2_000)
  expect(await endedOnAll()).toEqual([1, 1, 1])
  await cluster.time.pass(60_000)
  expect(await endedOnAll()).toEqual([2, 2, 2])
  await cluster.close()
})
