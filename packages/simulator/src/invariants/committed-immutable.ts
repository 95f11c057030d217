// Raft §5.3, §5.4.2: a committed entry is on a majority's disks and is never replaced by another one.
import { expectAlways } from '../violation.js'
import type { Commitments } from './commitments.js'
import type { Invariant, Look } from './invariant.js'
import type { ObservedMember } from './observed-member.js'

/** What one member calls committed every other one that does has the same, and it was on a majority's disks at the first word of it. */
export class CommittedImmutable implements Invariant {
  readonly #committed: Commitments
  readonly #members: ReadonlyMap<string, ObservedMember>

  constructor(committed: Commitments, members: ReadonlyMap<string, ObservedMember>) {
    this.#committed = committed
    this.#members = members
  }

  check(look: Look): void {
    const { now, before, member } = look
    const from = Math.min(before?.committedIndex ?? 0, member.change.from - 1)
    for (let index = Math.max(from + 1, now.firstIndex); index <= now.committedIndex; index += 1)
      this.#confirm(look, index)
  }

  sweep(look: Look): void {
    for (let index = look.now.firstIndex; index <= look.now.committedIndex; index += 1) this.#confirm(look, index)
  }

  #confirm({ member }: Look, index: number): void {
    const epoch = member.now?.epochAt(index) ?? 0
    const known = this.#committed.epochAt(index)
    if (known !== null) {
      expectAlways(known === epoch, () => `${member.id} commits ${index}@${epoch}, others commit ${index}@${known}`)
      return
    }
    expectAlways(index === this.#committed.last + 1, () => {
      return `${member.id} commits ${index}, and nobody has committed ${this.#committed.last + 1}`
    })
    this.#committed.add(epoch)
    for (const voters of member.now?.quorums ?? []) {
      const holders = voters.filter((id) => this.#members.get(id)?.holdsDurably(index, epoch))
      expectAlways(holders.length * 2 > voters.length, () => {
        return `${member.id} commits ${index}@${epoch}, which is on the disks of ${holders.join(', ') || 'nobody'} only`
      })
    }
  }
}
