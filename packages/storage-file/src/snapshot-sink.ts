import { sha256 } from '@noble/hashes/sha2.js'
import { QuorateError, type OpenFile, type SnapshotMeta, type SnapshotSink } from '@quorate/contracts'
import { failureOf } from './damage.js'
import { InOrder } from './in-order.js'
import type { Place } from './place.js'
import { blockBytes, encodeBlock, encodeSnapshotHeader, encodeTrailer } from './snapshot-file.js'

/**
 * An image being written, under a name that nobody reads. A failure ends this image and nothing else: the file is
 * deleted, and the driver tries again (decision D5). Only what touches the directory, the last step of a commit, ends
 * the storage if it fails.
 */
export class FileSnapshotSink implements SnapshotSink {
  readonly #place: Place
  readonly #path: string
  readonly #file: OpenFile
  readonly #crc: number
  readonly #publish: () => Promise<void>
  readonly #onEnd: () => void
  readonly #inOrder = new InOrder()
  readonly #hash = sha256.create()
  readonly #block = new Uint8Array(blockBytes)
  #blockLength = 0
  #blockCount = 0
  #byteLength = 0
  #offset: number
  #ended: string | null = null

  private constructor(
    place: Place,
    path: string,
    file: OpenFile,
    header: { length: number; crc: number },
    end: Ending,
  ) {
    this.#place = place
    this.#path = path
    this.#file = file
    this.#offset = header.length
    this.#crc = header.crc
    this.#publish = end.publish
    this.#onEnd = end.onEnd
  }

  static async create(place: Place, path: string, meta: SnapshotMeta, end: Ending): Promise<FileSnapshotSink> {
    const { files } = place.settings
    const { bytes, crc } = encodeSnapshotHeader(place.id, meta)
    let file: OpenFile | null = null
    try {
      file = await files.open(path, 'create')
      await file.write(0, [bytes])
      return new FileSnapshotSink(place, path, file, { length: bytes.length, crc }, end)
    } catch (error) {
      await file?.close().catch(() => undefined)
      await files.unlink(path).catch(() => undefined)
      throw snapshotFailure(error)
    }
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#step(async () => {
      this.#hash.update(chunk)
      this.#byteLength += chunk.length
      const blocks: Uint8Array[] = []
      for (let at = 0; at < chunk.length;) {
        const taken = Math.min(blockBytes - this.#blockLength, chunk.length - at)
        this.#block.set(chunk.subarray(at, at + taken), this.#blockLength)
        this.#blockLength += taken
        at += taken
        if (this.#blockLength === blockBytes) blocks.push(this.#takeBlock())
      }
      await this.#put(blocks)
    })
  }

  async commit(): Promise<void> {
    await this.#step(async () => {
      const blocks = this.#blockLength > 0 ? [this.#takeBlock()] : []
      await this.#put([...blocks, encodeTrailer(this.#byteLength, this.#hash.digest(), this.#crc)])
      await this.#file.datasync()
      await this.#file.close()
      this.#end('is committed')
      await this.#publish()
    })
  }

  /** Does nothing to an image that has ended already. */
  abort(): Promise<void> {
    return this.#inOrder.run(async () => {
      if (this.#ended === null) await this.#discard('was aborted')
    })
  }

  #step(run: () => Promise<void>): Promise<void> {
    return this.#inOrder.run(async () => {
      this.#place.failStop.check()
      if (this.#ended !== null) throw new TypeError(`this snapshot ${this.#ended}`)
      try {
        await run()
      } catch (error) {
        await this.#discard('has failed')
        throw snapshotFailure(error)
      }
    })
  }

  #takeBlock(): Uint8Array {
    const bytes = encodeBlock(this.#block.subarray(0, this.#blockLength), this.#blockCount, this.#crc)
    this.#blockLength = 0
    this.#blockCount += 1
    return bytes
  }

  async #put(chunks: readonly Uint8Array[]): Promise<void> {
    if (chunks.length === 0) return
    await this.#file.write(this.#offset, chunks)
    for (const chunk of chunks) this.#offset += chunk.length
  }

  /** What cannot be deleted now is deleted by the next open: it bears the name of an unfinished file. */
  async #discard(how: string): Promise<void> {
    if (this.#ended === null) await this.#file.close().catch(() => undefined)
    this.#end(how)
    await this.#place.settings.files.unlink(this.#path).catch(() => undefined)
  }

  #end(how: string): void {
    this.#ended ??= how
    this.#onEnd()
  }
}

/** How an image ends: `publish` gives it its name, `onEnd` is told that the file is closed. */
interface Ending {
  readonly publish: () => Promise<void>
  readonly onEnd: () => void
}

/** The storage goes on, so nothing fatal has happened: the snapshot was not made. */
function snapshotFailure(error: unknown): QuorateError {
  const { code, message, cause } = failureOf('writing a snapshot', error)
  return error instanceof QuorateError ? error : new QuorateError(code, message, { cause, outcome: 'notDone' })
}
