import type { OpenFile } from '@quorate/contracts'

const windowBytes = 256 * 1024

/** Reads a file from its beginning to its end in pieces of 256 KiB, however small the steps of the reader are. */
export class FileWindow {
  readonly #file: OpenFile
  readonly size: number
  #bytes: Uint8Array = new Uint8Array(0)
  #offset = 0

  constructor(file: OpenFile, size: number) {
    this.#file = file
    this.size = size
  }

  /** So many bytes from `offset` on; fewer only at the end of the file. They are not written to again. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(offset + length, this.size)
    if (offset < this.#offset || end > this.#offset + this.#bytes.length) {
      this.#bytes = await this.#file.read(offset, Math.min(Math.max(length, windowBytes), this.size - offset))
      this.#offset = offset
    }
    return this.#bytes.subarray(offset - this.#offset, Math.max(end, offset) - this.#offset)
  }
}
