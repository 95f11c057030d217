// Raft Figure 2, §7: base ≤ applied ≤ delivered ≤ min(committed, durable) ≤ last, and none goes back in one life.
import { expectAlways } from '../violation.js'
import type { Invariant, Look } from './invariant.js'

const monotonic = ['epoch', 'firstIndex', 'committedIndex', 'deliveredIndex', 'appliedIndex'] as const

/** Pointers are in order, and those that only advance do. */
export class PointersInOrder implements Invariant {
  check({ member: { id, disk, log }, now, before }: Look): void {
    const { lastIndex, durableIndex, committedIndex, deliveredIndex, appliedIndex } = now
    expectAlways(
      appliedIndex <= deliveredIndex,
      () => `${id} has applied ${appliedIndex} and was handed ${deliveredIndex}`,
    )
    expectAlways(deliveredIndex <= committedIndex, () => {
      return `${id} hands ${deliveredIndex} to its machine, and ${committedIndex} is committed`
    })
    expectAlways(deliveredIndex <= durableIndex, () => {
      return `${id} hands ${deliveredIndex} to its machine, and ${durableIndex} is durable here`
    })
    expectAlways(Math.max(committedIndex, durableIndex) <= lastIndex, () => {
      return `${id} has ${committedIndex} committed and ${durableIndex} durable of a log up to ${lastIndex}`
    })
    expectAlways(durableIndex <= Math.max(disk.through, log.base), () => {
      return `${id} believes everything up to ${durableIndex} to be durable, and its disk has it up to ${disk.through}`
    })
    if (!before) return
    for (const name of monotonic) {
      expectAlways(before[name] <= now[name], () => `${name} of ${id} goes back from ${before[name]} to ${now[name]}`)
    }
  }
}
