import type { ObservedMember, Pointers } from './observed-member.js'

/** One look at one member, after it did something. `now` is of this moment, `before` of the last look in the same life. */
export interface Look {
  readonly member: ObservedMember
  readonly now: Pointers
  readonly before: Pointers | null
}

/** Something that holds of all members together, whatever happens. Each throws a `Violation`. */
export interface Invariant {
  /** Costs as much as has changed. */
  check(look: Look): void
  /** Looks at everything that is there, whatever has changed. */
  sweep?(look: Look): void
}
