import { compareIds } from '@quorate/contracts'

/** How often each kind of thing happened: what was done to a cluster, and what it went through. */
export class Counters {
  readonly #counts = new Map<string, number>()

  add(what: string, count = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + count)
  }

  get(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  /** Sorted by name. */
  get all(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([left], [right]) => compareIds(left, right)))
  }
}
