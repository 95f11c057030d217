/**
 * The states that were seen, each as 64 bits and the ordinal of the one that it came from: a set in typed arrays, because a
 * `Set` of the language ends at 16.7 million. Two different states with the same 64 bits would be taken for one; among ten
 * million that is less likely than one in three hundred thousand.
 */
export class Fingerprints {
  #low = new Uint32Array(1 << 16)
  #high = new Uint32Array(1 << 16)
  #parents = new Uint32Array(1 << 16)
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
    this.#low[ordinal] = low
    this.#high[ordinal] = high
    this.#parents[ordinal] = parent
    this.#size += 1
    this.#slots[slot] = this.#size
    return ordinal
  }

  is(ordinal: number, low: number, high: number): boolean {
    return this.#low[ordinal] === low && this.#high[ordinal] === high
  }

  /** The ordinals from the first state to this one. */
  pathTo(ordinal: number): number[] {
    const path = [ordinal]
    for (let at = ordinal; at !== 0;) {
      at = this.#parents[at] ?? 0
      path.unshift(at)
    }
    return path
  }

  #find(low: number, high: number): number {
    const mask = this.#slots.length - 1
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const taken = this.#slots[slot] ?? 0
      if (taken === 0 || this.is(taken - 1, low, high)) return slot
    }
  }

  #grow(): void {
    const capacity = this.#low.length * 2
    this.#low = grown(this.#low, capacity)
    this.#high = grown(this.#high, capacity)
    this.#parents = grown(this.#parents, capacity)
    this.#slots = new Uint32Array(capacity * 2)
    for (let ordinal = 0; ordinal < this.#size; ordinal += 1) {
      this.#slots[this.#find(this.#low[ordinal] ?? 0, this.#high[ordinal] ?? 0)] = ordinal + 1
    }
  }
}

function grown(array: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length)
  larger.set(array)
  return larger
}

/** 64 bits of some words: two runs of MurmurHash3's mixing, with different seeds. */
export function fingerprintOf(words: Int32Array, length: number): readonly [low: number, high: number] {
  let [low, high] = [0x9747_b28c, 0x5bd1_e995]
  for (let at = 0; at < length; at += 1) {
    const word = words[at] ?? 0
    low = mix(low, Math.imul(word, 0xcc9e_2d51))
    high = mix(high, Math.imul(word, 0x1b87_3593))
  }
  return [finish(low ^ length), finish(high ^ length)]
}

function mix(hash: number, word: number): number {
  const turned = (word << 15) | (word >>> 17)
  const mixed = hash ^ Math.imul(turned, 0x85eb_ca6b)
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe654_6b64) | 0
}

function finish(hash: number): number {
  let mixed = hash
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
