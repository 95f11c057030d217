import { QuorateError } from '@quorate/contracts'
import type { counter } from '@quorate/machine-counter'
import type { Replica } from '@quorate/replica'

/** Three members, the room on their disks, and the time in which all of it happens. */
export interface CrowdedCluster {
  readonly members: readonly Replica<typeof counter>[]
  /** Fills the disks of these members. */
  fill(ids: readonly string[]): Promise<void>
  /** Takes away again what has filled them. */
  makeRoom(): Promise<void>
  /** Lets time pass. */
  wait(ms: number): Promise<void>
  /** Lets time pass until something has ended. */
  during<Result>(work: Promise<Result>): Promise<Result>
}

/** How writing went. */
export interface WriteCounts {
  acknowledged: number
  /** By code: what did not happen. */
  readonly refused: Map<string, number>
}

/** Adds 1 through every member in turn until `isOver`. Throws on an answer that leaves open whether it happened. */
export async function write(cluster: CrowdedCluster, counts: WriteCounts, isOver: () => boolean): Promise<void> {
  for (let turn = 0; !isOver(); turn += 1) {
    if (turn > 20_000) throw new Error(`it came to no end: ${JSON.stringify([...counts.refused])}`)
    const member = cluster.members[turn % cluster.members.length]
    if (!member) throw new TypeError('a cluster has members')
    try {
      await cluster.during(member.commands.add({ by: 1 }))
      counts.acknowledged += 1
    } catch (error) {
      if (!(error instanceof QuorateError) || error.outcome !== 'notDone') throw error
      counts.refused.set(error.code, (counts.refused.get(error.code) ?? 0) + 1)
      await cluster.wait(20)
    }
  }
}

/** The disks of all fill up under load, stay full for a while, and get room again. Returns what was said meanwhile. */
export async function allDisksFillUp(cluster: CrowdedCluster): Promise<WriteCounts> {
  const counts: WriteCounts = { acknowledged: 0, refused: new Map() }
  const refusals = (): number => [...counts.refused.values()].reduce((sum, each) => sum + each, 0)
  await write(cluster, counts, () => counts.acknowledged >= 50)
  await cluster.fill(cluster.members.map(({ id }) => id))
  await write(cluster, counts, () => refusals() >= 100)
  const whenFull = counts.acknowledged
  await cluster.wait(3_000)
  await write(cluster, counts, () => refusals() >= 120)
  if (counts.acknowledged !== whenFull) throw new Error('a leader on a full disk has taken a command')
  await cluster.makeRoom()
  await write(cluster, counts, () => counts.acknowledged >= whenFull + 50)
  return counts
}
