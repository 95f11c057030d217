import type { Environment } from './environment.js'

/** Lets so many through at once, and then so many in a second. What is not taken gathers, up to the burst. */
export class RateLimit {
  readonly #environment: Pick<Environment, 'monotonicMs'>
  readonly #burst: number
  readonly #perSecond: number
  #left: number
  #atMs: number

  constructor(environment: Pick<Environment, 'monotonicMs'>, burst: number, perSecond: number) {
    this.#environment = environment
    this.#burst = burst
    this.#perSecond = perSecond
    this.#left = burst
    this.#atMs = environment.monotonicMs()
  }

  /** False if there is nothing left for now. */
  take(): boolean {
    this.#gather()
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }

  /** True if it was not used for so long that another one would do as well. */
  get isFull(): boolean {
    this.#gather()
    return this.#left >= this.#burst
  }

  #gather(): void {
    const nowMs = this.#environment.monotonicMs()
    const passedMs = Math.max(0, nowMs - this.#atMs)
    this.#left = Math.min(this.#burst, this.#left + (passedMs / 1_000) * this.#perSecond)
    this.#atMs = nowMs
  }
}
