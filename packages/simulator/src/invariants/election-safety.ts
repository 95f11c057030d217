// Raft §5.2, Figure 3: at most one leader can be elected in a given term.
import { expectAlways } from '../violation.js'
import type { Invariant, Look } from './invariant.js'
import type { Votes } from './votes.js'

/** Who led each epoch, for ever; and that whoever begins to lead has a majority's voices, on the disks of who gave them. */
export class ElectionSafety implements Invariant {
  readonly #votes: Votes
  readonly #leaders = new Map<number, string>()

  constructor(votes: Votes) {
    this.#votes = votes
  }

  check({ member, now, before }: Look): void {
    if (!now.isLeader || (before?.isLeader && before.epoch === now.epoch)) return
    const elected = this.#leaders.get(now.epoch) ?? member.id
    this.#leaders.set(now.epoch, elected)
    expectAlways(elected === member.id, () => `epoch ${now.epoch} has two leaders, ${elected} and ${member.id}`)
    for (const voters of member.now?.quorums ?? []) {
      const given = voters.filter((id) => this.#votes.of(id, now.epoch) === member.id)
      expectAlways(given.length * 2 > voters.length, () => {
        return `${member.id} leads epoch ${now.epoch}, and only ${given.join(', ') || 'nobody'} voted for it and can never forget that`
      })
    }
  }
}
