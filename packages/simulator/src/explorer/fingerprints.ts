const chunkBits = 18
const inChunk = (1 << chunkBits) - 1
const wordsEach = 3

/**
 * The states that were seen, each as 64 bits and the ordinal of the one that it came from: a set in typed arrays, because a
 * `Set` of the language ends at 16.7 million. Two different states with the same 64 bits would be taken for one; among a
 * hundred million that is less likely than one in three thousand.
 */
export class Fingerprints {
  /** Low, high and parent of each, in pieces. */
  readonly #chunks: Uint32Array[] = []
  /** One more than the ordinal of the state whose place it is, or 0. At most half of them are taken. */
  #slots = new Uint32Array(1 << 17)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The ordinal of a state that is new, or -1 if it was seen before. */
  add(low: number, high: number, parent: number): number {
    if (this.#size * 2 >= this.#slots.length) this.#grow()
    const slot = this.#find(low, high)
    if (this.#slots[slot] !== 0) return -1
    const ordinal = this.#size
    if ((ordinal & inChunk) === 0) this.#chunks.push(new Uint32Array(wordsEach << chunkBits))
    const at = (ordinal & inChunk) * wordsEach
    const chunk = this.#chunks[ordinal >>> chunkBits]
    if (chunk) [chunk[at], chunk[at + 1], chunk[at + 2]] = [low, high, parent]
    this.#size += 1
    this.#slots[slot] = this.#size
    return ordinal
  }

  is(ordinal: number, low: number, high: number): boolean {
    const chunk = this.#chunks[ordinal >>> chunkBits]
    const at = (ordinal & inChunk) * wordsEach
    return chunk !== undefined && chunk[at] === low && chunk[at + 1] === high
  }

  /** The ordinals from the first state to this one. */
  pathTo(ordinal: number): number[] {
    const path = [ordinal]
    for (let at = ordinal; at !== 0;) {
      at = this.#chunks[at >>> chunkBits]?.[(at & inChunk) * wordsEach + 2] ?? 0
      path.push(at)
    }
    return path.reverse()
  }

  /** The slot of a state, or the free one where it belongs. */
  #find(low: number, high: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const taken = slots[slot] ?? 0
      if (taken === 0 || this.is(taken - 1, low, high)) return slot
    }
  }

  #grow(): void {
    const slots = new Uint32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let ordinal = 0; ordinal < this.#size; ordinal += 1) {
      let slot = (this.#chunks[ordinal >>> chunkBits]?.[(ordinal & inChunk) * wordsEach] ?? 0) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = ordinal + 1
    }
    this.#slots = slots
  }
}
