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
    if (this.#blockLength > 0) at = this.#fill(bytes, 0)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    for (; bytes.length - at >= 64; at += 64) mix(this.#state, this.#words, view, at)
    this.#fill(bytes, at)
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

  /** Puts bytes from `at` on into the unfinished block; returns where it stopped. */
  #fill(bytes: Uint8Array, at: number): number {
    const part = bytes.subarray(at, at + 64 - this.#blockLength)
    this.#block.set(part, this.#blockLength)
    this.#blockLength += part.length
    if (this.#blockLength === 64) this.#takeBlock()
    return at + part.length
  }

  #takeBlock(): void {
    this.#blockLength = 0
    mix(this.#state, this.#words, this.#view, 0)
  }
}

/** Mixes the 64 bytes at `from` into the state. `words` is room to work in. */
function mix(state: Int32Array, words: Int32Array, bytes: DataView, from: number): void {
  for (let at = 0; at < 16; at += 1) words[at] = bytes.getInt32(from + at * 4)
  for (let at = 16; at < 64; at += 1) {
    const early = words[at - 15] ?? 0
    const late = words[at - 2] ?? 0
    const first = ((early >>> 7) | (early << 25)) ^ ((early >>> 18) | (early << 14)) ^ (early >>> 3)
    const second = ((late >>> 17) | (late << 15)) ^ ((late >>> 19) | (late << 13)) ^ (late >>> 10)
    words[at] = ((words[at - 16] ?? 0) + first + (words[at - 7] ?? 0) + second) | 0
  }
  let a = state[0] ?? 0
  let b = state[1] ?? 0
  let c = state[2] ?? 0
  let d = state[3] ?? 0
  let e = state[4] ?? 0
  let f = state[5] ?? 0
  let g = state[6] ?? 0
  let h = state[7] ?? 0
  for (let round = 0; round < 64; round += 1) {
    const high = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const chosen = (e & f) ^ (~e & g)
    const added = (h + high + chosen + (roundConstants[round] ?? 0) + (words[round] ?? 0)) | 0
    const low = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
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
  state[0] = (state[0] ?? 0) + a
  state[1] = (state[1] ?? 0) + b
  state[2] = (state[2] ?? 0) + c
  state[3] = (state[3] ?? 0) + d
  state[4] = (state[4] ?? 0) + e
  state[5] = (state[5] ?? 0) + f
  state[6] = (state[6] ?? 0) + g
  state[7] = (state[7] ?? 0) + h
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
