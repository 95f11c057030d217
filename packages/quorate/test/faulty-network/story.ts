import type { NodeId } from '@quorate/contracts'
import { add, agreement, ids, leaderOf, startAll, type TransportName } from './cluster.js'
import { Proxies, type Fault } from './proxies.js'

/** What a fault did to a cluster of five, two of whose members it struck. */
export interface Chapter {
  readonly fault: Fault
  readonly struck: readonly NodeId[]
  readonly hadLeader: boolean
  /** Writes that the other three acknowledged while the fault lasted, and the longest that one took, in milliseconds. */
  readonly writes: number
  readonly longestMs: number
  /** Until all five had the same again, in milliseconds. */
  readonly recoveryMs: number
}

/**
 * Five members over a transport and a network that a test makes bad: each fault strikes two of them, once with the leader
 * and once without. The other three are a majority that is fully connected, so their writes have to go on.
 */
export async function* story(
  name: TransportName,
  faults: readonly Fault[],
  writesEach: number,
): AsyncGenerator<Chapter> {
  const proxies = new Proxies()
  await proxies.listen(ids)
  const members = await startAll(name, (transport) => proxies.through(transport))
  let expected = 0
  try {
    for (const fault of faults) {
      for (const hadLeader of [true, false]) {
        const leader = await leaderOf(members)
        const others = ids.filter((id) => id !== leader)
        const struck = hadLeader ? [leader, ...others.slice(0, 1)] : others.slice(0, 2)
        proxies.strike(struck, fault)
        const well = members.filter(({ id }) => !struck.includes(id))
        let longestMs = 0
        for (let count = 0; count < writesEach; count += 1) {
          longestMs = Math.max(longestMs, await timed(() => add(well[count % well.length])))
          expected += 1
        }
        proxies.strike(struck, 'none')
        const recoveryMs = await timed(() => agreement(members, expected))
        yield { fault, struck, hadLeader, writes: writesEach, longestMs, recoveryMs }
      }
    }
  } finally {
    for (const member of members) await member.close()
    await proxies.close()
  }
}

async function timed(run: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}
