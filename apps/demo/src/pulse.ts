/** When writes succeeded, to tell how long none did. Milliseconds of the monotonic clock. */
export class Pulse {
  #beats: number[] = []

  get count(): number {
    return this.#beats.length
  }

  beat(): void {
    this.#beats.push(performance.now())
  }

  /** The time without a beat around a moment: from the last one before it to the first one after. */
  gapAround(momentMs: number): number | null {
    const after = this.#beats.find((beat) => beat > momentMs)
    if (after === undefined) return null
    const before = this.#beats.findLast((beat) => beat <= momentMs) ?? momentMs
    return after - before
  }
}
