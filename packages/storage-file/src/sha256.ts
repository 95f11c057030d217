/**
 * SHA-256 (FIPS 180-4) of bytes that come in pieces: the digest by which members tell whether they hold the same image.
 * Written out here because a package without a host has no `node:crypto`.
 */
export class Sha256 {
  readonly #state = Int32Array.from(initialState)
  readonly #block = new Uint8Array(64)
  readonly #view = new DataView(this.#block.buffer)
  readonly #words = new Int32Array(64)
  #blockLength = 0
  #byteLength = 0

  update(bytes: Uint8Array): this {
    this.#byteLength += bytes.length
    let at = 0
    while (at < bytes.length) {
      const taken = Math.min(64 - this.#blockLength, bytes.length - at)
      this.#block.set(bytes.subarray(at, at + taken), this.#blockLength)
      this.#blockLength += taken
      at += taken
      if (this.#blockLength === 64) this.#takeBlock()
    }
    return this
  }

  /** The 32 bytes of the digest. Nothing may be added afterwards. */
  digest(): Uint8Array {
    this.#block[this.#blockLength] = 0x80
    this.#block.fill(0, this.#blockLength + 1)
    if (this.#blockLength >= 56) {
      this.#takeBlock()
      this.#block.fill(0)
    }
    this.#view.setUint32(56, Math.floor(this.#byteLength / 0x2000_0000))
    this.#view.setUint32(60, this.#byteLength << 3)
    this.#takeBlock()
    const digest = new DataView(new ArrayBuffer(32))
    this.#state.forEach((word, at) => digest.setInt32(at * 4, word))
    return new Uint8Array(digest.buffer)
  }

  #takeBlock(): void {
    this.#blockLength = 0
    const words = this.#words
    for (let at = 0; at < 16; at += 1) words[at] = this.#view.getInt32(at * 4)
    for (let at = 16; at < 64; at += 1) {
      const early = word(words, at - 15)
      const late = word(words, at - 2)
      const first = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3)
      const second = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10)
      words[at] = (word(words, at - 16) + first + word(words, at - 7) + second) | 0
    }
    mix(this.#state, words)
  }
}

function mix(state: Int32Array, words: Int32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let round = 0; round < 64; round += 1) {
    const high = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)
    const added = (h + high + ((e & f) ^ (~e & g)) + word(roundConstants, round) + word(words, round)) | 0
    const low = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    h = g
    g = f
    f = e
    e = (d + added) | 0
    d = c
    c = b
    b = a
    a = (added + low + majority) | 0
  }
  const sums = [a, b, c, d, e, f, g, h]
  sums.forEach((sum, at) => (state[at] = word(state, at) + sum))
}

function turned(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits))
}

function word(words: Int32Array, at: number): number {
  return words[at] ?? 0
}

const primes = firstPrimes(64)

/** First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const roundConstants = Int32Array.from(primes, (prime) => fractionBits(prime, 3n))

/** First 32 bits of the fractional parts of the square roots of the first 8 primes. */
const initialState = Int32Array.from(primes.slice(0, 8), (prime) => fractionBits(prime, 2n))

/** The fractional bits of a root, exactly: the largest whole r with r^degree <= value * 2^(32 * degree), modulo 2^32. */
function fractionBits(value: number, degree: bigint): number {
  const scaled = BigInt(value) << (32n * degree)
  let root = 0n
  for (let bit = 1n << 41n; bit > 0n; bit >>= 1n) {
    if ((root + bit) ** degree <= scaled) root += bit
  }
  return Number(BigInt.asIntN(32, root))
}

function firstPrimes(count: number): number[] {
  const found: number[] = []
  for (let candidate = 2; found.length < count; candidate += 1) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate)
  }
  return found
}
