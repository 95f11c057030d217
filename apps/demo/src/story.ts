import type { LocalCluster } from './cluster.js'
import { counterWorkload } from './counter-workload.js'
import { equalDigests } from './digests.js'
import { filesWorkload } from './files-workload.js'
import { Pulse } from './pulse.js'
import type { Screen } from './screen.js'
import type { Workload } from './workload.js'

/**
 * The story: a cluster starts, is written to, loses its leader to SIGKILL in the middle, goes on without it, has kept
 * every acknowledged write, and takes the lost member back. Resolves when all of it held.
 */
export async function tellStory(cluster: LocalCluster, screen: Screen): Promise<Workload> {
  await startMembers(cluster, screen)
  const workload = await workloadOf(cluster)
  const killed = await writeThroughKill(cluster, workload, screen)
  screen.heading('Reading back what was acknowledged')
  const held = await workload.check((done, total) => screen.progress(`${workload.what} read`, done, total))
  screen.good(held)
  await takeBack(cluster, killed, screen)
  return workload
}

/** Who was killed, and when. */
interface Kill {
  readonly id: string
  readonly atMs: number
}

function workloadOf({ place, clientAddresses }: LocalCluster): Promise<Workload> | Workload {
  return place.machine === 'kv' ? filesWorkload(clientAddresses) : counterWorkload(clientAddresses)
}

async function startMembers(cluster: LocalCluster, screen: Screen): Promise<void> {
  const { members, directory } = cluster.place
  screen.heading(`Starting ${cluster.ids.length} members, each a process, in ${directory}`)
  await cluster.startAll()
  for (const [id, { address, clientAddress }] of Object.entries(members)) {
    screen.event(`${id}  pid ${String(cluster.pidOf(id))}, peers ${address}, clients http://${clientAddress}`)
  }
  await cluster.leader()
}

async function writeThroughKill(cluster: LocalCluster, workload: Workload, screen: Screen): Promise<string> {
  screen.heading(`Writing ${workload.plan}`)
  const pulse = new Pulse()
  const failures = new Map<string, number>()
  const half = Math.floor(workload.total / 2)
  const kills: Promise<Kill>[] = []
  await workload.write({
    onAcknowledged() {
      pulse.beat()
      screen.progress(`${workload.what} acknowledged`, pulse.count, workload.total)
      if (pulse.count === half) kills.push(killLeader(cluster, pulse.count, workload, screen))
    },
    onFailure({ code, outcome }) {
      const kind = `${code} (${outcome})`
      failures.set(kind, (failures.get(kind) ?? 0) + 1)
    },
  })
  const kill = await kills[0]
  if (!kill) throw new Error(`only ${pulse.count} of ${workload.total} ${workload.what} were acknowledged`)
  screen.progress(workload.what, workload.total, workload.total)
  screen.good(`${pulse.count} of ${workload.total} ${workload.what} acknowledged`)
  for (const [kind, count] of failures) screen.event(`${count} ended as ${kind}`)
  screen.good(`${Math.round(pulse.longestGapSince(kill.atMs))} ms without a successful write after the kill, at most`)
  return kill.id
}

async function killLeader(cluster: LocalCluster, count: number, workload: Workload, screen: Screen): Promise<Kill> {
  const { id, epoch } = await cluster.leader()
  screen.event(`after ${count} ${workload.what}: SIGKILL for the leader ${id}, pid ${String(cluster.pidOf(id))}`)
  const atMs = performance.now()
  await cluster.kill(id)
  await cluster.leader(epoch)
  return { id, atMs }
}

async function takeBack(cluster: LocalCluster, id: string, screen: Screen): Promise<void> {
  screen.heading(`Starting ${id} again`)
  await cluster.start(id)
  screen.event(`${id}  pid ${String(cluster.pidOf(id))}`)
  const { position, sha256 } = await equalDigests(cluster.clientAddresses)
  screen.good(`all ${cluster.ids.length} members have digest ${sha256.slice(0, 16)}… at position ${position}`)
}
