import type { InternedSets } from './interned.js'

const statesMax = 2 ** 26

/** Where a search stands: how far it came, what else has taken effect, the state, and which unknown outcomes it used up. */
export interface Configuration {
  /** The first operation, by rank, that has not taken effect. All before it have. */
  readonly rank: number
  /** Which of those that return later have taken effect too: an id of a set of slots. */
  readonly ahead: number
  /** An id of a state. */
  readonly state: number
  /** Which operations of unknown outcome have taken effect: an id of a set of their places. */
  readonly used: number
}

/**
 * The configurations that a search has come to. A new one is not worth a visit if an earlier one was the same but for
 * operations of unknown outcome, of which it had used no others: whatever the new one could do the earlier one can.
 */
export class Visited {
  readonly #sets: InternedSets
  readonly #known: Map<number, number | number[]>[] = []
  #size = 0
  #comparisons = 0

  constructor(sets: InternedSets) {
    this.#sets = sets
  }

  /** How many configurations are kept. */
  get size(): number {
    return this.#size
  }

  /** How many times two sets of used operations were compared: work that counts as steps. */
  get comparisons(): number {
    return this.#comparisons
  }

  /** Keeps the configuration and says true, or says false of one that is not worth a visit. */
  add({ rank, ahead, state, used }: Configuration): boolean {
    const known = (this.#known[rank] ??= new Map())
    const key = ahead * statesMax + state
    const before = known.get(key)
    if (before === undefined) {
      known.set(key, used)
    } else if (typeof before === 'number') {
      if (this.#isSubset(before, used)) return false
      known.set(key, this.#isSubset(used, before) ? used : [before, used])
    } else {
      if (before.some((each) => this.#isSubset(each, used))) return false
      known.set(key, [...before.filter((each) => !this.#isSubset(used, each)), used])
    }
    this.#size += 1
    return true
  }

  #isSubset(one: number, other: number): boolean {
    this.#comparisons += 1
    return this.#sets.isSubset(one, other)
  }
}
