// Raft §5.2, Figure 3: at most one leader can be elected in a given term.
import { expectAlways } from '../violation.js'
import type { Invariant, Look } from './invariant.js'

/** Who led each epoch, for ever. */
export class ElectionSafety implements Invariant {
  readonly #leaders = new Map<number, string>()

  check({ member, now, before }: Look): void {
    if (!now.isLeader || (before?.isLeader && before.epoch === now.epoch)) return
    const elected = this.#leaders.get(now.epoch) ?? member.id
    this.#leaders.set(now.epoch, elected)
    expectAlways(elected === member.id, () => `epoch ${now.epoch} has two leaders, ${elected} and ${member.id}`)
  }
}
