import type { Environment } from '@quorate/contracts'

/** Pauses between attempts: each about twice the one before, and none like another client's. */
export class Backoff {
  readonly #environment: Pick<Environment, 'randomBytes'>
  readonly #maxMs: number
  #nextMs: number

  constructor(environment: Pick<Environment, 'randomBytes'>, minMs: number, maxMs: number) {
    this.#environment = environment
    this.#maxMs = maxMs
    this.#nextMs = Math.min(minMs, maxMs)
  }

  /** The next pause: between half of the step and all of it. */
  takeMs(): number {
    const stepMs = this.#nextMs
    this.#nextMs = Math.min(stepMs * 2, this.#maxMs)
    const dice = (this.#environment.randomBytes(1)[0] ?? 0) / 256
    return stepMs / 2 + (stepMs / 2) * dice
  }
}
