const wordMax = 2n ** 64n - 1n

/**
 * Small sets of numbers, each distinct one under an id of its own, so that equal sets are equal numbers. Id 0 is the
 * empty set. They say which operations have taken effect; configurations are compared by them millions of times.
 */
export class InternedSets {
  readonly #members: bigint[] = [0n]
  readonly #ids = new Map<bigint | string, number>([[0n, 0]])

  /** The id of the set with one more member. */
  with(id: number, member: number): number {
    return this.#idOf(this.#membersOf(id) | (1n << BigInt(member)))
  }

  /** The id of the set without that member. */
  without(id: number, member: number): number {
    return this.#idOf(this.#membersOf(id) & ~(1n << BigInt(member)))
  }

  has(id: number, member: number): boolean {
    return id !== 0 && ((this.#membersOf(id) >> BigInt(member)) & 1n) === 1n
  }

  /** Whether everything in the one is in the other. */
  isSubset(one: number, other: number): boolean {
    if (one === 0 || one === other) return true
    const members = this.#membersOf(one)
    return (members & this.#membersOf(other)) === members
  }

  #membersOf(id: number): bigint {
    const members = this.#members[id]
    if (members === undefined) throw new RangeError(`there is no set ${id}`)
    return members
  }

  #idOf(members: bigint): number {
    // V8 hashes a bigint by its lowest 64 bits alone: larger ones would all fall into a few buckets.
    const key = members <= wordMax ? members : members.toString(32)
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = this.#members.push(members) - 1
    this.#ids.set(key, id)
    return id
  }
}

/** States of a model, each distinct one under an id of its own. */
export class InternedStates<State> {
  readonly #states: { readonly state: State }[] = []
  readonly #ids = new Map<string, number>()
  readonly #key: (state: State) => string

  constructor(key: (state: State) => string) {
    this.#key = key
  }

  idOf(state: State): number {
    const key = this.#key(state)
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = this.#states.push({ state }) - 1
    this.#ids.set(key, id)
    return id
  }

  stateOf(id: number): State {
    const known = this.#states[id]
    if (known === undefined) throw new RangeError(`there is no state ${id}`)
    return known.state
  }
}
