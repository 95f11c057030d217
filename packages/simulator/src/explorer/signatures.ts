/**
 * What a thing is called, in 64 bits, under every arrangement of the members: two words each. A state's name under an
 * arrangement is the sum of those of its parts, so that what changes little is summed anew in a few steps.
 */
export class Signatures {
  readonly width: number
  #words: Int32Array

  constructor(arrangements: number) {
    this.width = arrangements * 2
    this.#words = new Int32Array(this.width * 256)
  }

  /** Writes down what a thing's key is under each arrangement. */
  set(id: number, keys: readonly string[]): void {
    const start = id * this.width
    while (this.#words.length < start + this.width) this.#words = doubled(this.#words)
    keys.forEach((key, at) => this.#words.set(hashOf(key), start + at * 2))
  }

  addTo(sums: Int32Array, id: number): void {
    const start = id * this.width
    for (let at = 0; at < this.width; at += 1) sums[at] = (sums[at] ?? 0) + (this.#words[start + at] ?? 0)
  }

  takeFrom(sums: Int32Array, id: number): void {
    const start = id * this.width
    for (let at = 0; at < this.width; at += 1) sums[at] = (sums[at] ?? 0) - (this.#words[start + at] ?? 0)
  }
}

function doubled(words: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(words.length * 2)
  larger.set(words)
  return larger
}

/** 64 bits of a text: two runs of MurmurHash3's mixing, with different seeds. */
function hashOf(key: string): readonly [low: number, high: number] {
  let [low, high] = [0x9747_b28c, 0x5bd1_e995]
  for (let at = 0; at < key.length; at += 1) {
    const word = key.charCodeAt(at)
    low = mix(low, Math.imul(word, 0xcc9e_2d51))
    high = mix(high, Math.imul(word, 0x1b87_3593))
  }
  return [finish(low ^ key.length), finish(high ^ key.length)]
}

function mix(hash: number, word: number): number {
  const turned = (word << 15) | (word >>> 17)
  const mixed = hash ^ Math.imul(turned, 0x85eb_ca6b)
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe654_6b64) | 0
}

/** The end of MurmurHash3: every bit of a word decides about every bit of another. */
export function finish(hash: number): number {
  let mixed = hash
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35)
  return mixed ^ (mixed >>> 16)
}
