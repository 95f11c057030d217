import { none, type Schedule } from './schedule.js'

/**
 * The operations that have not taken effect yet, in the order of their calls: a list that one is taken out of and put
 * back into in no time, as the search goes on and back (Wing and Gong's, in Lowe's form).
 */
export class Remaining {
  readonly #after: Int32Array
  readonly #before: Int32Array
  readonly #isGone: Uint8Array
  #first: number

  constructor({ byCall }: Schedule<unknown, unknown>) {
    this.#after = new Int32Array(byCall.length).fill(none)
    this.#before = new Int32Array(byCall.length).fill(none)
    this.#isGone = new Uint8Array(byCall.length)
    this.#first = byCall[0] ?? none
    byCall.forEach((rank, at) => {
      this.#after[rank] = byCall[at + 1] ?? none
      this.#before[rank] = byCall[at - 1] ?? none
    })
  }

  get first(): number {
    return this.#first
  }

  after(rank: number): number {
    return this.#after[rank] ?? none
  }

  has(rank: number): boolean {
    return this.#isGone[rank] === 0
  }

  take(rank: number): void {
    this.#isGone[rank] = 1
    this.#link(this.#before[rank] ?? none, this.#after[rank] ?? none)
  }

  /** Puts back the one that was taken last and is still out. */
  putBack(rank: number): void {
    this.#isGone[rank] = 0
    const before = this.#before[rank] ?? none
    const after = this.#after[rank] ?? none
    if (before === none) this.#first = rank
    else this.#after[before] = rank
    if (after !== none) this.#before[after] = rank
  }

  #link(before: number, after: number): void {
    if (before === none) this.#first = after
    else this.#after[before] = after
    if (after !== none) this.#before[after] = before
  }
}
