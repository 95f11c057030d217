/** Part of an image to ask for. */
export interface WantedPart {
  readonly offset: number
  readonly bytes: number
}

/**
 * Which parts of an image are asked for, missing, or here and not yet taken: never more than `partsMax` together, which
 * bounds the memory of a transfer.
 *
 * Requests and answers keep their order, each on its channel. So when an answer comes, whatever was asked for before it
 * and has not come is lost, and is asked for again.
 */
export class ChunkWindow {
  readonly #partBytes: number
  readonly #partsMax: number
  #total: number | null = null
  #next = 0
  #taken = 0
  /** In the order in which they were asked for last. */
  readonly #asked = new Set<number>()
  readonly #lost = new Set<number>()
  readonly #arrived = new Map<number, Uint8Array>()

  constructor(partBytes: number, partsMax: number) {
    this.#partBytes = partBytes
    this.#partsMax = partsMax
  }

  get isWaiting(): boolean {
    return this.#asked.size > 0
  }

  /** True when everything was taken. */
  get isComplete(): boolean {
    return this.#total === this.#taken && this.#asked.size === 0 && this.#lost.size === 0
  }

  /** How long the image is. Until that is known, one part is asked for. */
  announce(total: number): void {
    this.#total = total
  }

  /** What to ask for now. Whoever takes it asks for it. */
  takeWanted(): readonly WantedPart[] {
    const offsets = [...this.#lost].sort((left, right) => left - right)
    this.#lost.clear()
    let open = this.#asked.size + this.#arrived.size + offsets.length
    while (open < this.#partsMax && this.#next < (this.#total ?? 1)) {
      offsets.push(this.#next)
      this.#next += this.#partBytes
      open += 1
    }
    for (const offset of offsets) this.#asked.add(offset)
    return offsets.map((offset) => ({ offset, bytes: this.#partBytes }))
  }

  /** A part has come. `unwanted`: it was here, or nobody asked. `wrong`: it is not as long as it has to be. */
  arrive(offset: number, bytes: Uint8Array): 'taken' | 'unwanted' | 'wrong' {
    if (!this.#asked.has(offset) && !this.#lost.has(offset)) return 'unwanted'
    if (this.#total === null || bytes.length !== Math.min(this.#partBytes, this.#total - offset)) return 'wrong'
    if (this.#asked.has(offset)) {
      for (const earlier of this.#asked) {
        if (earlier === offset) break
        this.#lose(earlier)
      }
    }
    this.#asked.delete(offset)
    this.#lost.delete(offset)
    if (bytes.length > 0) this.#arrived.set(offset, bytes)
    return 'taken'
  }

  /** The next part in order, if it is here. */
  takeNext(): Uint8Array | null {
    const bytes = this.#arrived.get(this.#taken)
    if (!bytes) return null
    this.#arrived.delete(this.#taken)
    this.#taken += bytes.length
    return bytes
  }

  /** Nothing has come for long: the first part is asked for once more, and its answer tells about the others. */
  loseFirst(): void {
    const [first] = this.#asked
    if (first !== undefined) this.#lose(first)
  }

  /** Whatever was asked for will not come: the connection has ended, or another member is asked now. */
  loseAll(): void {
    for (const offset of this.#asked) this.#lose(offset)
  }

  #lose(offset: number): void {
    this.#asked.delete(offset)
    this.#lost.add(offset)
  }
}
