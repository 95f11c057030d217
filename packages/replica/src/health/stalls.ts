import type { Environment } from '@quorate/contracts'

/** Stalls that are remembered: whatever asks about one asks soon after it. */
const rememberedMax = 16

interface Stall {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * When this process did not run: its event loop was held, the process was stopped, or the machine slept with a clock that
 * counts on. What took long meanwhile, a write or an answer, is not to be blamed for that time.
 */
export class Stalls {
  readonly #environment: Environment
  readonly #minMs: number
  readonly #unseenMs: () => number
  readonly #remembered: Stall[] = []
  #totalMs = 0

  /**
   * Shorter ones than `minMs` are not counted. `unseenMs`: how long the loop has not looked at the clock beyond what is
   * usual, because after a stall the end of a write may be told before the loop's own timer.
   */
  constructor(environment: Environment, minMs: number, unseenMs: () => number) {
    this.#environment = environment
    this.#minMs = minMs
    this.#unseenMs = unseenMs
  }

  /** All of them since the start, in milliseconds. */
  get totalMs(): number {
    return this.#totalMs + this.#unseen()
  }

  /** The loop has seen that it did not run for so long until now. */
  onSeen(ms: number): void {
    if (ms <= this.#minMs) return
    const nowMs = this.#environment.monotonicMs()
    this.#totalMs += ms
    this.#remembered.push({ fromMs: nowMs - ms, toMs: nowMs })
    if (this.#remembered.length > rememberedMax) this.#remembered.shift()
  }

  /** How much of the last `ms` milliseconds fell into stalls of at least `atLeastMs`. */
  within(ms: number, atLeastMs = 0): number {
    const nowMs = this.#environment.monotonicMs()
    const stalls = [...this.#remembered, { fromMs: nowMs - this.#unseen(), toMs: nowMs }]
    return stalls
      .filter(({ fromMs, toMs }) => toMs - fromMs >= atLeastMs)
      .reduce((sum, { fromMs, toMs }) => sum + Math.max(0, toMs - Math.max(fromMs, nowMs - ms)), 0)
  }

  #unseen(): number {
    const ms = this.#unseenMs()
    return ms > this.#minMs ? ms : 0
  }
}
