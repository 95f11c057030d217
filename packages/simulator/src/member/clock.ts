/**
 * The clock of one machine: runs at a rate of its own, and goes on while its processes are paused or dead. `world` is the
 * time in which everything happens; all times are in milliseconds.
 */
export class Clock {
  readonly #worldMs: () => number
  #sinceMs: number
  #atMs: number
  #rate = 1
  #wallOffsetMs = 0

  /** `startMs`: what it shows at first. Machines were not switched on at one moment. */
  constructor(worldMs: () => number, startMs: number) {
    this.#worldMs = worldMs
    this.#sinceMs = worldMs()
    this.#atMs = startMs
  }

  monotonicMs(): number {
    return this.#atMs + (this.#worldMs() - this.#sinceMs) * this.#rate
  }

  wallMs(): number {
    return this.monotonicMs() + this.#wallOffsetMs
  }

  /** How long a delay on this clock takes in the world. */
  worldDelayMs(delayMs: number): number {
    return delayMs / this.#rate
  }

  /** From now on it runs at this rate: 1.01 gains a hundredth. What it shows does not jump. */
  drift(rate: number): void {
    this.#atMs = this.monotonicMs()
    this.#sinceMs = this.#worldMs()
    this.#rate = rate
  }

  /** The wall clock is set forward, or back. */
  jump(byMs: number): void {
    this.#wallOffsetMs += byMs
  }
}
