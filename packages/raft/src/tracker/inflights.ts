/** AppendEntries that were sent to one follower and are not answered yet: a window bounded in messages and in bytes. */
export class Inflights {
  readonly #messagesMax: number
  readonly #bytesMax: number
  #lastIndexes: number[] = []
  #sizes: number[] = []
  #first = 0
  #bytes = 0

  constructor(limits: { readonly inflightMessagesMax: number; readonly inflightBytesMax: number }) {
    this.#messagesMax = limits.inflightMessagesMax
    this.#bytesMax = limits.inflightBytesMax
  }

  get count(): number {
    return this.#lastIndexes.length - this.#first
  }

  get isFull(): boolean {
    return this.count >= this.#messagesMax || this.#bytes >= this.#bytesMax
  }

  /** The windows' content, oldest first, as `[lastIndex, bytes]`. */
  get content(): readonly (readonly [number, number])[] {
    return this.#lastIndexes.slice(this.#first).map((last, at) => [last, this.#sizes[this.#first + at] ?? 0] as const)
  }

  add(lastIndex: number, bytes: number): void {
    this.#lastIndexes.push(lastIndex)
    this.#sizes.push(bytes)
    this.#bytes += bytes
  }

  /** Forgets what ends at or before this index: it is answered. */
  freeUpTo(index: number): void {
    while (this.#first < this.#lastIndexes.length && (this.#lastIndexes[this.#first] ?? 0) <= index) this.freeFirst()
  }

  /** Forgets the oldest, so that something can be sent when every answer was lost. */
  freeFirst(): void {
    if (this.count === 0) return
    this.#bytes -= this.#sizes[this.#first] ?? 0
    this.#first += 1
    if (this.#first < 1_024) return
    this.#lastIndexes = this.#lastIndexes.slice(this.#first)
    this.#sizes = this.#sizes.slice(this.#first)
    this.#first = 0
  }

  clear(): void {
    this.#lastIndexes = []
    this.#sizes = []
    this.#first = 0
    this.#bytes = 0
  }
}
