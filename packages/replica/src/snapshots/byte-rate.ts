import type { Environment } from '@quorate/contracts'

/** How far behind its rate a sender may be and still catch up at once. */
const burstMs = 50

/** Bytes a second, as a bucket that fills with time. */
export class ByteRate {
  readonly #environment: Environment
  readonly #bytesPerMs: number
  #freeAtMs: number

  constructor(environment: Environment, bytesPerSecond: number) {
    this.#environment = environment
    this.#bytesPerMs = bytesPerSecond / 1_000
    this.#freeAtMs = environment.monotonicMs()
  }

  /** Takes so many bytes, and says in how many milliseconds they may leave: when what was taken before has left. */
  takeMs(bytes: number): number {
    const nowMs = this.#environment.monotonicMs()
    const waitMs = Math.max(0, this.#freeAtMs - nowMs)
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs - burstMs) + bytes / this.#bytesPerMs
    return waitMs
  }
}
