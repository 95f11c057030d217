import type { SessionHandle, SessionOptions } from '@quorate/replica'

/** A caller's count of its commands in one session of the cluster. */
export class Session {
  readonly id: SessionHandle
  /** Which of the clusters at these addresses it was opened in, from 1. */
  readonly ofCluster: number
  readonly #outstanding = new Set<number>()
  #last = 0

  constructor(id: SessionHandle, ofCluster: number) {
    this.id = id
    this.ofCluster = ofCluster
  }

  /** Counts one command more. */
  begin(): number {
    this.#last += 1
    this.#outstanding.add(this.#last)
    return this.#last
  }

  /** Its answer is there, or no longer wanted. */
  finish(sequence: number): void {
    this.#outstanding.delete(sequence)
  }

  /** Its place; so many earlier answers are still wanted. */
  placeOf(sequence: number, keptAnswers: number): SessionOptions {
    const [lowest = sequence] = this.#outstanding
    const kept = keptAnswers === 0 ? Infinity : this.#last + 1 - keptAnswers
    return { id: this.id, sequence, lowestUnacknowledged: Math.max(1, Math.min(lowest, sequence, kept)) }
  }
}
