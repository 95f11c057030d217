import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { counter } from '@quorate/machine-counter'
import { raft } from '@quorate/raft'
import { createReplica } from '@quorate/replica/node'
import { fileStorage } from '@quorate/storage-file/node'
import { tcpTransport } from '@quorate/transport-tcp'
import { afterAll, expect, test } from 'vitest'
import { freeAddress } from './faulty-network/cluster.js'
import { allDisksFillUp, type CrowdedCluster } from './full-disk/story.js'

const root = mkdtempSync(join(tmpdir(), 'quorate-full-disk-'))
const disks = ['n1', 'n2', 'n3'].map((id) => ({ id, directory: join(root, id) }))

/** Small file systems of their own, where this machine lets us have them. */
function canMount(): boolean {
  try {
    for (const { directory } of disks) {
      mkdirSync(directory)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'quorate-full-disk', directory], { stdio: 'ignore' })
    }
    return true
  } catch {
    return false
  }
}

const isMounted = canMount()
afterAll(() => {
  for (const { directory } of disks) {
    if (isMounted) execFileSync('umount', [directory])
  }
  rmSync(root, { recursive: true, force: true })
})

async function fill(directory: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory)
  await writeFile(join(directory, 'somebody-else'), new Uint8Array(bavail * bsize))
}

test.skipIf(!isMounted)(
  'D14, W13: file systems of 8 MiB fill under a running cluster, and get room again (skipped where nothing can be mounted)',
  async () => {
    const members: Record<string, string> = {}
    for (const { id } of disks) members[id] = await freeAddress()
    const stopped: string[] = []
    const replicas = await Promise.all(
      disks.map(async ({ id, directory }) => {
        const storage = fileStorage({ directory: join(directory, 'data'), segmentBytes: 64 * 1024, freeBytesMin: 0 })
        const transport = tcpTransport({ listen: members[id] ?? '' })
        const protocol = raft({ electionTimeoutMs: [500, 1_000] })
        const replica = await createReplica({ id, members, machine: counter, protocol, transport, storage })
        replica.on('stopped', ({ reason }) => {
          if (reason) stopped.push(`${id}: ${reason.message}`)
        })
        return replica
      }),
    )
    const cluster: CrowdedCluster = {
      members: replicas,
      fill: async (ids) => {
        for (const { id, directory } of disks) if (ids.includes(id)) await fill(directory)
      },
      makeRoom: async () => {
        for (const { directory } of disks) await rm(join(directory, 'somebody-else'), { force: true })
      },
      // Callers that were refused pause before they ask again, and that nothing is taken for a while cannot be awaited.
      wait: async (ms) => {
        await delay(ms)
      },
      during: (work) => work,
    }
    const { acknowledged, refused } = await allDisksFillUp(cluster)
    expect(refused.get('OVERLOADED')).toBeGreaterThan(0)
    expect([...refused.keys()].filter((code) => code !== 'OVERLOADED' && code !== 'NO_LEADER')).toEqual([])
    expect(stopped).toEqual([])
    for (const replica of replicas) expect(await replica.queries.value()).toBe(acknowledged)
    await Promise.all(replicas.map((replica) => replica.close()))
  },
)
