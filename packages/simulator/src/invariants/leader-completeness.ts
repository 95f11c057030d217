// Raft §5.4.3, Figure 3: a committed entry is present in the logs of the leaders of all higher-numbered terms.
import { expectAlways } from '../violation.js'
import type { Commitments } from './commitments.js'
import type { Invariant, Look } from './invariant.js'

/** Whoever begins to lead the highest epoch there was has everything that was committed by then. */
export class LeaderCompleteness implements Invariant {
  readonly #committed: Commitments
  #highestEpoch = 0

  constructor(committed: Commitments) {
    this.#committed = committed
  }

  check(look: Look): void {
    const { now, before } = look
    if (!now.isLeader || (before?.isLeader && before.epoch === now.epoch)) return
    this.sweep(look)
  }

  /** A deposed leader that does not know it yet may lack what later ones committed. */
  sweep({ member, now }: Look): void {
    if (!now.isLeader || now.epoch < this.#highestEpoch) return
    this.#highestEpoch = now.epoch
    for (let index = this.#committed.last; index >= now.firstIndex; index -= 1) {
      const epoch = this.#committed.epochAt(index)
      expectAlways(member.now?.epochAt(index) === epoch, () => {
        return `${member.id} leads epoch ${now.epoch} and lacks ${index}@${epoch}, which is committed`
      })
    }
  }
}
