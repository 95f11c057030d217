// Raft §6, Figure 10: two majorities that can decide at one time have a member in common.
import { expectAlways } from '../violation.js'
import type { Invariant, Look } from './invariant.js'
import type { ObservedMember } from './observed-member.js'

/** Whatever two members that run take for a majority has somebody in common. */
export class ConfigurationOverlap implements Invariant {
  readonly #members: ReadonlyMap<string, ObservedMember>

  constructor(members: ReadonlyMap<string, ObservedMember>) {
    this.#members = members
  }

  /** Only a first look can bring a configuration that nobody has seen; changes of it come with the sweep. */
  check(look: Look): void {
    if (!look.before) this.sweep(look)
  }

  sweep({ member }: Look): void {
    for (const other of this.#members.values()) {
      const [own, others] = [member.now?.quorums ?? [], other.now?.quorums ?? []]
      if (own.length === 0 || others.length === 0) continue
      const isSafe = own.some((group) => others.some((opposite) => alwaysMeet(group, opposite)))
      expectAlways(
        isSafe,
        () => `${member.id} and ${other.id} could decide without each other: ${text(own)}, ${text(others)}`,
      )
    }
  }
}

/** True if no majority of one group is without a member of every majority of the other. */
function alwaysMeet(group: readonly string[], opposite: readonly string[]): boolean {
  const common = group.filter((id) => opposite.includes(id)).length
  const least = (size: number): number => Math.floor(size / 2) + 1
  const inside = (size: number): number => least(size) - (size - common)
  return inside(group.length) + inside(opposite.length) > common
}

function text(groups: readonly (readonly string[])[]): string {
  return groups.map((group) => `{${group.join(' ')}}`).join(' and ')
}
