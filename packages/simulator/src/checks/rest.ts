import type { MachineModule } from '@quorate/contracts'
import type { ReplicaStatus } from '@quorate/replica'
import type { Member } from '../member/member.js'
import { Violation } from '../violation.js'
import type { Cluster } from '../world/cluster.js'
import type { WatchedTime } from '../world/watched-time.js'
import type { Witness } from '../world/witness.js'
import { statusesOf } from './convergence.js'

const pauseMs = 50

/** Timers of a member that has nothing to do: its parts have some each, and none for a request that is over. */
const timersMax = 12

/** Images that may stay open for a while after the last reader, so that the next one need not open them. */
const openImagesMax = 5

/** Files of a journal beside those that are full of what it has to keep: the one that goes on, the first and the last. */
const spareSegments = 4

/**
 * Waits until nothing is left of what was asked: whatever was counted, queued or remembered for its sake is given back, and
 * what has to be kept is bounded, by the settings and not by how much was asked. Throws a `Violation` if it does not come to
 * that. What only grows is found by nobody else: it is right until there is no room.
 */
export async function untilAtRest<Machine extends MachineModule>(
  cluster: Cluster<Machine>,
  time: WatchedTime,
  witness: Witness,
  left: () => Promise<string | null>,
  ms: number,
): Promise<void> {
  const endMs = time.environment.monotonicMs() + ms
  for (;;) {
    const statuses = await statusesOf(cluster, time, ms, false)
    const complaint = complaintAbout(cluster, statuses, witness) ?? (await time.during(left(), ms, 'asking gateways'))
    if (complaint === null) return
    if (time.environment.monotonicMs() > endMs) throw new Violation(`${complaint}, ${ms} ms after the last question`)
    await time.pass(pauseMs)
  }
}

function complaintAbout<Machine extends MachineModule>(
  cluster: Cluster<Machine>,
  statuses: readonly ReplicaStatus[],
  witness: Witness,
): string | null {
  for (const [at, member] of cluster.survivors.entries()) {
    const status = statuses[at]
    if (!status) continue
    const problem =
      whatIsLeft(status) ??
      whatIsOwed(witness.memberOf(member.id).now?.owed ?? {}) ??
      timersOf(member) ??
      whatIsKept(status, member, cluster.traits)
    if (problem !== null) return `${member.id} does not come to rest: ${problem}`
  }
  return null
}

/** What waits in the driver, or is remembered there. */
function whatIsLeft({ pending, queues }: ReplicaStatus): string | null {
  const { images, ...others } = queues
  const left = Object.entries({ ...pending, ...others }).find(([, count]) => count !== 0)
  if (left) return `${left[1]} are left of its ${left[0]}`
  return images > openImagesMax ? `${images} images are open` : null
}

function whatIsOwed(owed: Readonly<Record<string, number>>): string | null {
  const left = Object.entries(owed).find(([, count]) => count !== 0)
  return left ? `its protocol still has ${left[1]} of ${left[0]}` : null
}

function timersOf({ life }: Member<MachineModule>): string | null {
  const timers = life?.process.timers ?? 0
  return timers > timersMax ? `${timers} timers run` : null
}

/** What a member has to keep is bounded by its settings: the journal ends at the last snapshot. */
function whatIsKept(
  { snapshot, queues }: ReplicaStatus,
  { disk, records }: Member<MachineModule>,
  { replica, storage }: Cluster<MachineModule>['traits'],
): string | null {
  const { position, entriesSince, isWriting } = snapshot
  if (isWriting || entriesSince >= replica.snapshotEveryEntries) {
    return `no snapshot since position ${position}, and ${entriesSince} entries after it`
  }
  const released = records.releasedTo ?? 0
  if (released !== position) return `its last snapshot is at ${position}, and its journal was released at ${released}`
  const names = [...disk.files.files('visible').keys()]
  const segments = names.filter((name) => /journal-\d+$/.test(name)).length
  const segmentsMax = spareSegments + records.starts + Math.ceil((2 * records.bytes) / storage.segmentBytes)
  if (segments > segmentsMax) {
    return `its journal has ${segments} files, and what it has to keep fits into ${segmentsMax}`
  }
  const images = names.filter((name) => /snapshot-\d+$/.test(name)).length
  return images > 2 + queues.images ? `it keeps ${images} images` : null
}
