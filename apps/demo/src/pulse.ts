/** When writes succeeded, to tell how long none did. Milliseconds of the monotonic clock. */
export class Pulse {
  readonly #beats: number[] = []

  get count(): number {
    return this.#beats.length
  }

  beat(): void {
    this.#beats.push(performance.now())
  }

  /** The longest time without a beat that ended after this moment. Zero if there was no beat after it. */
  longestGapSince(momentMs: number): number {
    const gaps = this.#beats.map((beat, at) => (beat > momentMs ? beat - (this.#beats[at - 1] ?? momentMs) : 0))
    return Math.max(0, ...gaps)
  }
}
