import {
  concatBytes,
  position,
  QuorateError,
  sequence,
  type Batch,
  type OpenStorage,
  type Position,
  type Release,
  type ReplayReport,
  type Sequence,
  type SnapshotMeta,
  type SnapshotSink,
  type SnapshotSource,
} from '@quorate/contracts'
import type { Image, Place } from './place.js'

/** A memory storage in use. Whatever it is given it copies. */
export class OpenMemoryStorage implements OpenStorage {
  readonly pressure = 'none'
  readonly snapshot: SnapshotMeta | null
  readonly #place: Place
  readonly #onClose: () => void
  #isOpen = true

  constructor(place: Place, onClose: () => void) {
    this.#place = place
    this.#onClose = onClose
    const wanted = place.release?.snapshot ?? position(0)
    place.images = place.images.filter((image) => image.meta.position === wanted)
    this.snapshot = place.images.at(-1)?.meta ?? null
  }

  get identity(): Uint8Array | null {
    return this.#place.identity?.slice() ?? null
  }

  async saveIdentity(bytes: Uint8Array): Promise<void> {
    await this.#turn()
    this.#place.identity = bytes.slice()
  }

  async replay(onRecord: (sequence: Sequence, bytes: Uint8Array) => void): Promise<ReplayReport> {
    await this.#turn()
    let bytes = 0
    this.#place.records.forEach((record, at) => {
      bytes += record.length
      onRecord(sequence(this.#place.firstSequence + at), record.slice())
    })
    return { records: this.#place.records.length, bytes, cut: null }
  }

  async append({ firstSequence, records, release }: Batch): Promise<void> {
    const copies = records.map((record) => record.slice())
    await this.#turn()
    const next = this.#place.firstSequence + this.#place.records.length
    if (firstSequence !== next) {
      throw new TypeError(`the next record is ${next}, and the batch begins with ${firstSequence}`)
    }
    for (const copy of copies) this.#place.records.push(copy)
    if (release) this.#forget(release)
  }

  async createSnapshot(meta: SnapshotMeta): Promise<SnapshotSink> {
    await this.#turn()
    const chunks: Uint8Array[] = []
    return {
      write: async (chunk) => {
        chunks.push(chunk.slice())
        await this.#turn()
      },
      commit: async () => {
        await this.#turn()
        const others = this.#place.images.filter((image) => image.meta.position !== meta.position)
        this.#place.images = [...others, { meta, bytes: concatBytes(chunks) }]
      },
      abort: () => this.#turn(),
    }
  }

  async openSnapshot(at: Position): Promise<SnapshotSource | null> {
    await this.#turn()
    const image = this.#place.images.find(({ meta }) => meta.position === at)
    return image ? sourceOf(image) : null
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await Promise.resolve()
    this.#onClose()
  }

  /** Forgets what a release no longer needs: records before it and images below it. */
  #forget(release: Release): void {
    const place = this.#place
    if (!place.images.some(({ meta }) => meta.position === release.snapshot)) {
      throw new TypeError(`the release names the snapshot at ${release.snapshot}, which was never committed`)
    }
    place.records = place.records.slice(Math.max(0, release.sequence - place.firstSequence))
    place.firstSequence = Math.max(place.firstSequence, release.sequence)
    place.release = release
    place.images = place.images.filter(({ meta }) => meta.position >= release.snapshot)
  }

  /** Nothing answers within the call, as no real storage does. */
  async #turn(): Promise<void> {
    await Promise.resolve()
    if (!this.#isOpen) throw new QuorateError('STOPPED', 'this memory storage is closed', { outcome: 'notDone' })
  }
}

function sourceOf({ bytes }: Image): SnapshotSource {
  return {
    byteLength: bytes.length,
    digest: digestOf(bytes),
    read: (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)),
    close: () => Promise.resolve(),
  }
}

/** FNV-1a in 32 bits: tells images of one process apart, and no more is asked of it here. */
function digestOf(bytes: Uint8Array): Uint8Array {
  let hash = 0x811c_9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x0100_0193)
  return Uint8Array.of(hash >>> 24, hash >>> 16, hash >>> 8, hash)
}
