import type { OpenFile, SnapshotSource } from '@quorate/contracts'
import { failureOf } from './damage.js'
import type { Place } from './place.js'
import { blockBytes, blockCountOf, readBlock, readFrame, type SnapshotFrame } from './snapshot-file.js'

/** An image being read; every block is checked when it is. */
export class FileSnapshotSource implements SnapshotSource {
  readonly frame: SnapshotFrame
  readonly #path: string
  readonly #file: OpenFile
  readonly #onClose: () => Promise<void>
  #closing: Promise<void> | null = null

  private constructor(path: string, file: OpenFile, frame: SnapshotFrame, onClose: () => Promise<void>) {
    this.#path = path
    this.#file = file
    this.frame = frame
    this.#onClose = onClose
  }

  static async open(place: Place, path: string, onClose = () => Promise.resolve()): Promise<FileSnapshotSource> {
    const file = await place.settings.files.open(path, 'read')
    try {
      return new FileSnapshotSource(path, file, await readFrame(file, path, place.id), onClose)
    } catch (error) {
      await file.close().catch(() => undefined)
      throw error
    }
  }

  get byteLength(): number {
    return this.frame.byteLength
  }

  /** SHA-256 of the content. */
  get digest(): Uint8Array {
    return this.frame.digest.slice()
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (this.#closing) throw new TypeError('this snapshot was closed')
    const end = Math.min(offset + length, this.byteLength)
    const bytes = new Uint8Array(Math.max(0, end - offset))
    for (let at = offset; at < end;) {
      const index = Math.floor(at / blockBytes)
      const block = await this.#block(index)
      const part = block.subarray(at - index * blockBytes, end - index * blockBytes)
      bytes.set(part, at - offset)
      at += part.length
    }
    return bytes
  }

  /** Reads everything once, so that damage is found now and not by a reader. */
  async verify(): Promise<void> {
    for (let index = 0; index < blockCountOf(this.byteLength); index += 1) await this.#block(index)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#file.close()
    await this.#onClose()
  }

  async #block(index: number): Promise<Uint8Array> {
    try {
      return await readBlock(this.#file, this.#path, this.frame, index)
    } catch (error) {
      throw failureOf(`reading ${this.#path}`, error)
    }
  }
}
