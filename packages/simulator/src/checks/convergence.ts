import type { ReplicaStatus } from '@quorate/replica'
import type { book } from '../book/book.js'
import { pagesOfBook } from '../book/book.js'
import { expectAlways, Violation } from '../violation.js'
import type { Cluster } from '../world/cluster.js'
import type { WatchedTime } from '../world/watched-time.js'

const pauseMs = 20

/** Waits until every member that can run has the same state at the same position. Throws a `Violation` if they do not come to it. */
export async function untilConverged(cluster: Cluster<typeof book>, time: WatchedTime, ms: number): Promise<void> {
  const endMs = time.environment.monotonicMs() + ms
  for (;;) {
    const statuses = await statusesOf(cluster, time, ms)
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

/** The pages of a member's book, of those that have converged. */
export async function finishedPages(cluster: Cluster<typeof book>, time: WatchedTime): Promise<number[][]> {
  const pages: number[][] = []
  const [member] = cluster.survivors
  for (let page = 0; page < pagesOfBook; page += 1) {
    const asked = member?.ask((replica) => replica.queries.page(page, { consistency: 'local' }))
    if (asked) pages.push(await time.during(asked, 1_000, 'reading a page'))
  }
  return pages
}

async function statusesOf(cluster: Cluster<typeof book>, time: WatchedTime, ms: number): Promise<ReplicaStatus[]> {
  const members = cluster.survivors
  await time.until(
    () => members.every((member) => member.isUp),
    ms,
    () =>
      `${members
        .filter((member) => !member.isUp)
        .map(({ id }) => id)
        .join(', ')} did not start within ${ms} ms`,
  )
  const statuses = members.map((member) => member.ask((replica) => replica.status({ digest: true })))
  return time.during(Promise.all(statuses), ms, 'reading the state')
}
