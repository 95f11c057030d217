/** Waits that double while something keeps failing, in milliseconds. */
export class Backoff {
  readonly #firstMs: number
  readonly #maxMs: number
  #nextMs: number

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs
    this.#maxMs = maxMs
    this.#nextMs = firstMs
  }

  /** How long to wait this time. */
  takeMs(): number {
    const ms = this.#nextMs
    this.#nextMs = Math.min(ms * 2, this.#maxMs)
    return ms
  }

  /** It worked: the next failure is a first one. */
  reset(): void {
    this.#nextMs = this.#firstMs
  }
}
