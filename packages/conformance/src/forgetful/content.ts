/** Bytes that grow, shrink and are written anywhere. A hole reads as zeros. */
export class Content {
  #bytes: Uint8Array
  #length: number

  constructor(bytes: Uint8Array = new Uint8Array()) {
    this.#bytes = bytes.slice()
    this.#length = bytes.length
  }

  get length(): number {
    return this.#length
  }

  write(offset: number, bytes: Uint8Array): void {
    this.grow(offset + bytes.length)
    this.#bytes.set(bytes, offset)
  }

  truncate(length: number): void {
    if (length > this.#length) return this.grow(length)
    this.#bytes.fill(0, length, this.#length)
    this.#length = length
  }

  /** Lengthens with zeros; a content that is long enough stays as it is. */
  grow(length: number): void {
    if (length <= this.#length) return
    if (length > this.#bytes.length) {
      const roomier = new Uint8Array(Math.max(length, this.#bytes.length * 2))
      roomier.set(this.#bytes)
      this.#bytes = roomier
    }
    this.#length = length
  }

  /** A copy, shorter than asked only at the end. */
  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(Math.min(offset, this.#length), Math.min(offset + length, this.#length))
  }

  all(): Uint8Array {
    return this.read(0, this.#length)
  }
}
