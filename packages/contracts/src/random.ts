import { ByteReader, hexOfBytes, ByteWriter } from './bytes.js'
import { assert } from './errors.js'

/** Seeded dice: equal seeds give equal numbers. The only dice a protocol has. */
export interface Random {
  /** A whole number from 0 to `below - 1`. */
  nextInt(below: number): number
  /** Dice of their own, seeded from these. */
  fork(): Random
  /** Where these dice stand; {@link seededRandom} goes on from there. */
  state(): string
}

/**
 * Dice from a seed, or from what `state()` returned. The generator is sfc32 (Chris Doty-Humphrey, PractRand): small,
 * fast, of good statistical quality, and of no use for secrets.
 */
export function seededRandom(seed: number | string | Uint8Array): Random {
  if (typeof seed === 'string' && seed.startsWith('sfc32:')) return new Sfc32(wordsOfState(seed))
  const words: Words = [0x9e37_79b9, 0x243f_6a88, 0xb7e1_5162, 1]
  mixIn(words, typeof seed === 'number' ? bytesOfNumber(seed) : typeof seed === 'string' ? bytesOfText(seed) : seed)
  const random = new Sfc32(words)
  for (let round = 0; round < 12; round += 1) random.next()
  return random
}

type Words = [number, number, number, number]

class Sfc32 implements Random {
  readonly #words: Words

  constructor(words: Words) {
    this.#words = words
  }

  next(): number {
    const words = this.#words
    const sum = (words[0] + words[1] + words[3]) | 0
    words[3] = (words[3] + 1) | 0
    words[0] = words[1] ^ (words[1] >>> 9)
    words[1] = (words[2] + (words[2] << 3)) | 0
    words[2] = (((words[2] << 21) | (words[2] >>> 11)) + sum) | 0
    return sum >>> 0
  }

  nextInt(below: number): number {
    assert(Number.isSafeInteger(below) && below > 0 && below <= 0x1_0000_0000, () => `nextInt(${below}) has no answer`)
    return Math.floor((this.next() / 0x1_0000_0000) * below)
  }

  fork(): Random {
    return new Sfc32([this.next() | 0, this.next() | 0, this.next() | 0, 1])
  }

  state(): string {
    const writer = new ByteWriter(16)
    for (const word of this.#words) writer.u32(word >>> 0)
    return `sfc32:${hexOfBytes(writer.finish())}`
  }
}

function wordsOfState(state: string): Words {
  const digits = state.slice('sfc32:'.length)
  assert(/^[0-9a-f]{32}$/.test(digits), () => `"${state}" is no state of seeded dice`)
  const reader = new ByteReader(
    Uint8Array.from({ length: 16 }, (_, at) => parseInt(digits.slice(at * 2, at * 2 + 2), 16)),
  )
  return [reader.u32() | 0, reader.u32() | 0, reader.u32() | 0, reader.u32() | 0]
}

function mixIn(words: Words, bytes: Uint8Array): void {
  bytes.forEach((byte, at) => {
    const slot = (at % 3) as 0 | 1 | 2
    words[slot] = Math.imul(words[slot] ^ byte, 0x0100_0193) ^ (words[slot] >>> 15)
  })
}

function bytesOfNumber(value: number): Uint8Array {
  return new ByteWriter(8).u53(Math.abs(Math.trunc(value))).finish()
}

function bytesOfText(text: string): Uint8Array {
  const writer = new ByteWriter(text.length * 2)
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    writer.u8(unit & 0xff).u8(unit >>> 8)
  }
  return writer.finish()
}
