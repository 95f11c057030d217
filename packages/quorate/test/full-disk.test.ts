import { forgetfulFiles, virtualTime, type ForgetfulFiles } from '@quorate/conformance'
import { nodeEnvironment } from '@quorate/contracts/node'
import { counter } from '@quorate/machine-counter'
import { raft } from '@quorate/raft'
import { createReplica, type Replica } from '@quorate/replica'
import { fileStorage } from '@quorate/storage-file'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { describe, expect, test } from 'vitest'
import { allDisksFillUp, write, type CrowdedCluster, type WriteCounts } from './full-disk/story.js'

const ids = ['n1', 'n2', 'n3']
const segmentBytes = 8 * 1024

/** What members said of themselves, and what they stand on. */
interface Seen {
  readonly disks: ReadonlyMap<string, ForgetfulFiles>
  readonly stopped: readonly string[]
  /** Whoever leads, as far as anybody has said. */
  readonly leader: () => string | null
}

/** Three members in virtual time, whose disks are as large as they are told to be. */
async function crowdedCluster(): Promise<CrowdedCluster & Seen> {
  const time = virtualTime({ settled: () => nodeEnvironment().yieldTurn(), seed: 1 })
  const { environment } = time
  const hub = memoryHub({ seed: 1, latencyMs: { min: 0, max: 2 } })
  const disks = new Map(ids.map((id) => [id, forgetfulFiles(id, { environment, syncMs: { min: 1, max: 5 } })]))
  const during = async <Result>(work: Promise<Result>): Promise<Result> => {
    let isOver = false
    const over = (): void => {
      isOver = true
    }
    work.then(over, over)
    if (!(await time.until(() => isOver, 60_000))) throw new Error('nothing came of it in a minute')
    return work
  }
  const stopped: string[] = []
  let leader: string | null = null
  const startOne = async ([id, files]: [string, ForgetfulFiles]): Promise<Replica<typeof counter>> => {
    const replica = await createReplica({
      id,
      members: Object.fromEntries(ids.map((each) => [each, `${each}:1`])),
      machine: counter,
      protocol: raft(),
      transport: memoryTransport({ hub }),
      storage: fileStorage({ directory: '/data', files, environment, segmentBytes }),
      environment,
    })
    replica.on('stopped', ({ reason }) => {
      if (reason) stopped.push(`${id}: ${reason.message}`)
    })
    replica.on('leadership', (said) => {
      leader = said.leader ?? leader
    })
    return replica
  }
  const members = await during(Promise.all([...disks].map(startOne)))
  return {
    members,
    disks,
    stopped,
    leader: () => leader,
    during,
    fill(filled) {
      for (const id of filled) disks.get(id)?.setFreeBytes(0)
      return Promise.resolve()
    },
    makeRoom() {
      for (const disk of disks.values()) disk.setFreeBytes(2 ** 30)
      return Promise.resolve()
    },
    wait: (ms) => time.pass(ms),
  }
}

describe('D14, W13: a disk that fills under a running cluster', () => {
  test('of every member: writes are refused as OVERLOADED, none that was acknowledged is lost, and it goes on with room', async () => {
    const cluster = await crowdedCluster()
    const { acknowledged, refused } = await allDisksFillUp(cluster)
    expect([...refused.keys()]).toEqual(['OVERLOADED'])
    expect(cluster.stopped).toEqual([])
    for (const member of cluster.members) expect(await cluster.during(member.queries.value())).toBe(acknowledged)
    for (const disk of cluster.disks.values()) disk.powerCut()
    await cluster.during(Promise.all(cluster.members.map((member) => member.close())))
  })

  test('of the leader alone: it hands its leadership to a member that has room, and writes go on', async () => {
    const cluster = await crowdedCluster()
    const counts: WriteCounts = { acknowledged: 0, refused: new Map() }
    await write(cluster, counts, () => counts.acknowledged >= 20)
    const full = cluster.leader() ?? ''
    await cluster.fill([full])
    const atFull = counts.acknowledged
    await write(cluster, counts, () => counts.acknowledged >= atFull + 20)
    expect(cluster.leader()).not.toBe(full)
    await cluster.makeRoom()
    expect([...counts.refused.keys()]).toEqual(['OVERLOADED'])
    expect(cluster.stopped).toEqual([])
    for (const member of cluster.members) expect(await cluster.during(member.queries.value())).toBe(counts.acknowledged)
    await cluster.during(Promise.all(cluster.members.map((member) => member.close())))
  })
})
