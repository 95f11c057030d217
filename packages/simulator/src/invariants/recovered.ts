// FAULTS, R: entries whose sync returned ⊆ recovered, and the recovered ones are a prefix.
import { expectAlways } from '../violation.js'
import type { Invariant, Look } from './invariant.js'

/** A member comes back with everything that its disk was known to hold. */
export class DurableRecovered implements Invariant {
  check({ member, now, before }: Look): void {
    const { id, lastLife } = member
    if (before || !lastLife) return
    const { log, disk } = lastLife
    expectAlways(now.lastIndex >= disk.through, () => {
      return `${id} had everything up to ${disk.through} on its disk, and comes back with a log up to ${now.lastIndex}`
    })
    for (let index = Math.max(now.firstIndex, log.base + 1); index <= disk.through; index += 1) {
      const epoch = log.epochAt(index)
      expectAlways(member.now?.epochAt(index) === epoch, () => {
        return `${id} had ${index}@${epoch} on its disk, and comes back with ${index}@${member.now?.epochAt(index) ?? '?'}`
      })
    }
  }
}
