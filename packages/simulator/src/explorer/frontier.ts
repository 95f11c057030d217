const chunkWords = 1 << 18

/** States that wait to be gone on from, first in, first out: words in a row, in pieces that are let go when they are read. */
export class Frontier {
  #chunks: Int32Array[] = []
  #written = chunkWords
  #read = 0
  #count = 0

  get count(): number {
    return this.#count
  }

  push(ordinal: number, words: Int32Array, length: number): void {
    if (this.#written + length + 2 > chunkWords) {
      this.#end()
      this.#chunks.push(new Int32Array(chunkWords))
      this.#written = 0
    }
    const chunk = this.#chunks.at(-1)
    if (!chunk) return
    chunk[this.#written] = length + 1
    chunk[this.#written + 1] = ordinal
    chunk.set(words.subarray(0, length), this.#written + 2)
    this.#written += length + 2
    this.#count += 1
  }

  /** Fills `words` with the oldest state; its length and ordinal, or null if none is left. */
  take(words: Int32Array): { readonly length: number; readonly ordinal: number } | null {
    if (this.#count === 0) return null
    let [chunk] = this.#chunks
    if ((chunk?.[this.#read] ?? 0) === 0) {
      this.#chunks.shift()
      this.#read = 0
      chunk = this.#chunks[0]
    }
    if (!chunk) return null
    const length = (chunk[this.#read] ?? 1) - 1
    const ordinal = chunk[this.#read + 1] ?? 0
    words.set(chunk.subarray(this.#read + 2, this.#read + 2 + length))
    this.#read += length + 2
    this.#count -= 1
    return { length, ordinal }
  }

  /** A length of 0 ends a piece. */
  #end(): void {
    const chunk = this.#chunks.at(-1)
    if (chunk && this.#written < chunkWords) chunk[this.#written] = 0
  }
}
