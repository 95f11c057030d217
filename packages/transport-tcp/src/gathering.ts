const firstBytes = 64 * 1024

/**
 * Bytes of a known length that arrive in pieces. Memory grows with what has arrived, never with what was announced, and
 * every byte is copied a bounded number of times however small the pieces are.
 */
export class Gathering {
  readonly length: number
  #bytes: Uint8Array
  #filled = 0

  constructor(length: number) {
    this.length = length
    this.#bytes = new Uint8Array(Math.min(length, firstBytes))
  }

  get filled(): number {
    return this.#filled
  }

  get isComplete(): boolean {
    return this.#filled === this.length
  }

  /** What has arrived so far; all of it once it is complete. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#filled)
  }

  /** Copies what belongs here from `chunk`, beginning at `at`. Returns how many bytes that was. */
  take(chunk: Uint8Array, at: number): number {
    const count = Math.min(this.length - this.#filled, chunk.length - at)
    const wanted = this.#filled + count
    if (wanted > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(this.length, Math.max(wanted, this.#bytes.length * 2)))
      grown.set(this.bytes)
      this.#bytes = grown
    }
    this.#bytes.set(chunk.subarray(at, at + count), this.#filled)
    this.#filled = wanted
    return count
  }
}
