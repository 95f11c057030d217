import type { MachineModule } from '@quorate/contracts'
import type { ReplicaStatus } from '@quorate/replica'
import { Violation } from '../violation.js'
import type { Cluster } from '../world/cluster.js'
import type { WatchedTime } from '../world/watched-time.js'

const pauseMs = 20

/** Waits until every member that can run has the same state at the same position. Throws a `Violation` if they do not come to it. */
export async function untilConverged<Machine extends MachineModule>(
  cluster: Cluster<Machine>,
  time: WatchedTime,
  ms: number,
  describeLast: (position: number) => string,
): Promise<void> {
  const endMs = time.environment.monotonicMs() + ms
  for (;;) {
    const statuses = await statusesOf(cluster, time, ms, true)
    const [first, ...others] = statuses
    if (first && others.every((other) => other.digest?.position === first.digest?.position)) {
      const different = others.find((other) => other.digest?.sha256 !== first.digest?.sha256)
      if (different === undefined) return
      const place = first.digest?.position ?? 0
      const where = await differenceBetween(cluster, first.id, different.id)
      throw new Violation(
        `${first.id} and ${different.id} have different states at position ${place}: ${where}; ${describeLast(place)}`,
      )
    }
    if (time.environment.monotonicMs() > endMs) {
      const places = statuses.map(({ id, lastApplied }) => `${id} at ${lastApplied}`).join(', ')
      throw new Violation(`healed members did not come to one state within ${ms} ms: ${places}`)
    }
    await time.pass(pauseMs)
  }
}

/** Where the machines of two members differ first, as far as they can say. */
async function differenceBetween<Machine extends MachineModule>(
  { members }: Cluster<Machine>,
  left: string,
  right: string,
): Promise<string> {
  const [one, other] = [left, right].map((id) => members.find((member) => member.id === id)?.machine)
  if (!one?.describeDifference || !other) return 'their machine does not say where'
  const where = await one.describeDifference(other.snapshot())
  return (
    where ?? 'their machine sees no difference, so look at sessions, time, versions and what its snapshot leaves out'
  )
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
