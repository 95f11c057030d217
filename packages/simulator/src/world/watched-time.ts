import type { VirtualTime } from '@quorate/conformance'
import type { Environment } from '@quorate/contracts'
import { Violation } from '../violation.js'
import type { Witness } from './witness.js'

/** Virtual time that ends with an error as soon as the witness has seen what must never be. */
export class WatchedTime {
  readonly #time: VirtualTime
  readonly #witness: Witness

  constructor(time: VirtualTime, witness: Witness) {
    this.#time = time
    this.#witness = witness
  }

  get environment(): Environment {
    return this.#time.environment
  }

  async pass(ms: number): Promise<void> {
    await this.#time.until(() => this.#witness.violation !== null, ms)
    this.#check()
  }

  /** Lets time pass until the condition holds. Throws a `Violation` if it does not within `ms`. */
  async until(condition: () => boolean, ms: number, problem: () => string): Promise<void> {
    const came = await this.#time.until(() => this.#witness.violation !== null || condition(), ms)
    this.#check()
    if (!came) throw new Violation(problem())
  }

  /** Lets time pass until a promise is settled. */
  async during<Result>(work: Promise<Result>, ms: number, what: string): Promise<Result> {
    let isOver = false
    const over = (): void => {
      isOver = true
    }
    work.then(over, over)
    await this.until(
      () => isOver,
      ms,
      () => `${what} took longer than ${ms} ms`,
    )
    return work
  }

  #check(): void {
    if (this.#witness.violation) throw this.#witness.violation
  }
}
