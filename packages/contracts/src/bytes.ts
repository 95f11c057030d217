/** Thrown when bytes end early or are left over, and when a value is outside the range of what it is read or written as. */
export class BytesError extends Error {
  override readonly name = 'BytesError'
}

/** Writes little-endian numbers, ASCII text and byte strings one behind the other. Grows as needed. */
export class ByteWriter {
  #slab: Slab
  /** Where this writer's bytes begin in the slab, where the next one goes, and where somebody else's begin. */
  #start: number
  #at: number
  #end: number

  /** `reserve` bytes at the start are left zero, for whoever frames the result. */
  constructor(capacity = 64, reserve = 0, slab: Slab = new Slab(roomFor(capacity, reserve))) {
    const bytes = roomFor(capacity, reserve)
    this.#slab = slab
    this.#start = slab.take(bytes)
    this.#at = this.#start + reserve
    this.#end = this.#start + bytes
  }

  /**
   * A writer of bytes that are handed on and soon forgotten, such as messages and records. They share a slab with their
   * neighbours, unless they are many, because an array buffer of its own costs more than what is in it. Not for what is
   * kept: a few bytes keep their whole slab in memory.
   */
  static passing(capacity: number, reserve = 0): ByteWriter {
    const bytes = roomFor(capacity, reserve)
    if (bytes > slabShareMax) return new ByteWriter(capacity, reserve)
    if (sharedSlab.left < bytes) sharedSlab = new Slab(slabBytes)
    return new ByteWriter(capacity, reserve, sharedSlab)
  }

  get length(): number {
    return this.#at - this.#start
  }

  u8(value: number): this {
    checkRange(value, 0xff)
    const at = this.#advance(1)
    this.#slab.view.setUint8(at, value)
    return this
  }

  u32(value: number): this {
    checkRange(value, 0xffff_ffff)
    const at = this.#advance(4)
    this.#slab.view.setUint32(at, value, true)
    return this
  }

  /** A whole number from 0 to 2^53-1 in eight bytes. */
  u53(value: number): this {
    checkRange(value, Number.MAX_SAFE_INTEGER)
    const at = this.#advance(8)
    this.#slab.view.setUint32(at, value >>> 0, true)
    this.#slab.view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true)
    return this
  }

  boolean(value: boolean): this {
    return this.u8(value ? 1 : 0)
  }

  /** Bytes as they are, without their length. */
  raw(bytes: Uint8Array): this {
    const at = this.#advance(bytes.length)
    this.#slab.bytes.set(bytes, at)
    return this
  }

  /** Bytes behind their length. */
  bytes(bytes: Uint8Array): this {
    return this.u32(bytes.length).raw(bytes)
  }

  /** ASCII text behind its length, one byte a character. */
  ascii(text: string): this {
    const start = this.u32(text.length).#advance(text.length)
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at)
      if (unit > 0x7f) throw new BytesError(`"${text}" is not ASCII`)
      this.#slab.bytes[start + at] = unit
    }
    return this
  }

  /** ASCII text, or nothing. */
  asciiOrNull(text: string | null): this {
    return text === null ? this.u8(0) : this.u8(1).ascii(text)
  }

  /** What was written, not shared with this writer's next use: it has none. */
  finish(): Uint8Array {
    return this.#slab.bytes.subarray(this.#start, this.#at)
  }

  /** Makes room for so many bytes, maybe in another slab, and returns where they go. */
  #advance(bytes: number): number {
    if (this.#at + bytes > this.#end) this.#grow(bytes)
    const at = this.#at
    this.#at += bytes
    return at
  }

  #grow(more: number): void {
    const written = this.finish()
    const bytes = Math.max(written.length + more, (this.#end - this.#start) * 2)
    this.#slab = new Slab(bytes)
    this.#slab.bytes.set(written)
    this.#start = 0
    this.#at = written.length
    this.#end = bytes
  }
}

/** Memory that is given out piece by piece, none of it twice: whoever takes a piece finds it zero. */
class Slab {
  readonly bytes: Uint8Array
  readonly view: DataView
  #taken = 0

  constructor(bytes: number) {
    this.bytes = new Uint8Array(bytes)
    this.view = new DataView(this.bytes.buffer)
  }

  get left(): number {
    return this.bytes.length - this.#taken
  }

  take(bytes: number): number {
    this.#taken += bytes
    return this.#taken - bytes
  }
}

const slabBytes = 128 * 1024
const slabShareMax = 32 * 1024
let sharedSlab = new Slab(slabBytes)

function roomFor(capacity: number, reserve: number): number {
  return Math.max(capacity, reserve, 16)
}

/** Another number would be written in silence, and read back as something that nobody meant. */
function checkRange(value: number, max: number): void {
  if (!(Number.isInteger(value) && value >= 0 && value <= max)) {
    throw new BytesError(`${value} is no whole number from 0 to ${max}`)
  }
}

/** Reads what {@link ByteWriter} wrote, and believes no length before it was checked against what is there. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  u8(): number {
    return byteAt(this.#bytes, this.#take(1))
  }

  u32(): number {
    return wordAt(this.#bytes, this.#take(4))
  }

  u53(): number {
    const at = this.#take(8)
    const high = wordAt(this.#bytes, at + 4)
    if (high > 0x1f_ffff) throw new BytesError('a number is above 2^53-1')
    return high * 0x1_0000_0000 + wordAt(this.#bytes, at)
  }

  boolean(): boolean {
    const value = this.u8()
    if (value > 1) throw new BytesError(`${value} is neither true nor false`)
    return value === 1
  }

  raw(length: number): Uint8Array {
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  bytes(): Uint8Array {
    return this.raw(this.u32())
  }

  /** What was read since so many bytes remained. */
  since(remaining: number): Uint8Array {
    return this.#bytes.subarray(this.#bytes.length - remaining, this.#at)
  }

  ascii(): string {
    const bytes = this.bytes()
    let text = ''
    for (const unit of bytes) {
      if (unit > 0x7f) throw new BytesError('text is not ASCII')
      text += String.fromCharCode(unit)
    }
    return text
  }

  asciiOrNull(): string | null {
    return this.boolean() ? this.ascii() : null
  }

  /** A count of things that take at least `bytesEach` bytes, so that no allocation follows a lie. */
  count(bytesEach: number): number {
    const count = this.u32()
    if (count * bytesEach > this.remaining) throw new BytesError(`${count} items cannot fit in ${this.remaining} bytes`)
    return count
  }

  /** Refuses bytes that nobody has read. */
  end(): void {
    if (this.remaining > 0) throw new BytesError(`${this.remaining} bytes are left over`)
  }

  #take(length: number): number {
    if (length > this.remaining) throw new BytesError(`${length} bytes are wanted and ${this.remaining} are left`)
    const at = this.#at
    this.#at += length
    return at
  }
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}

/** By hand: a DataView costs more to make than it saves for the few numbers of a message. */
function wordAt(bytes: Uint8Array, at: number): number {
  const low = byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16)
  return (low | (byteAt(bytes, at + 3) << 24)) >>> 0
}

/** True if both hold the same bytes. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  for (let at = 0; at < left.length; at += 1) if (left[at] !== right[at]) return false
  return true
}

/** One array from several. */
export function concatBytes(chunks: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const chunk of chunks) length += chunk.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

/** Bytes as lower-case hexadecimal text. */
export function hexOfBytes(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** Inverse of {@link hexOfBytes}, in either case. Throws a `TypeError` on other text. */
export function bytesOfHex(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) throw new TypeError(`"${text}" is not an even number of hexadecimal digits`)
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => Number.parseInt(text.slice(at * 2, at * 2 + 2), 16))
}
