import type { MachineModule } from '@quorate/contracts'
import type { ReplicaStatus } from '@quorate/replica'
import { expectAlways, Violation } from '../violation.js'
import type { Cluster } from '../world/cluster.js'
import type { WatchedTime } from '../world/watched-time.js'

const pauseMs = 20

/** Waits until every member that can run has the same state at the same position. Throws a `Violation` if they do not come to it. */
export async function untilConverged<Machine extends MachineModule>(
  cluster: Cluster<Machine>,
  time: WatchedTime,
  ms: number,
): Promise<void> {
  const endMs = time.environment.monotonicMs() + ms
  for (;;) {
    const statuses = await statusesOf(cluster, time, ms, true)
    const [first, ...others] = statuses
    if (first && others.every((other) => other.digest?.position === first.digest?.position)) {
      const different = others.find((other) => other.digest?.sha256 !== first.digest?.sha256)
      expectAlways(different === undefined, () => {
        return `${first.id} and ${different?.id ?? ''} have different states at position ${first.digest?.position ?? 0}`
      })
      return
    }
    if (time.environment.monotonicMs() > endMs) {
      const places = statuses.map(({ id, lastApplied }) => `${id} at ${lastApplied}`).join(', ')
      throw new Violation(`healed members did not come to one state within ${ms} ms: ${places}`)
    }
    await time.pass(pauseMs)
  }
}

/** How every member is that can run, once all of them do, with the digest of its state or without. */
export async function statusesOf<Machine extends MachineModule>(
  cluster: Cluster<Machine>,
  time: WatchedTime,
  ms: number,
  digest: boolean,
): Promise<ReplicaStatus[]> {
  const down = (): string[] => cluster.survivors.filter((member) => !member.isUp).map(({ id }) => id)
  await time.until(
    () => down().length === 0,
    ms,
    () => `${down().join(', ')} did not start within ${ms} ms`,
  )
  const statuses = cluster.survivors.map((member) => member.ask((replica) => replica.status({ digest })))
  return time.during(Promise.all(statuses), ms, 'reading the state')
}
