import type { Outgoing, Ready, Release, SnapshotMeta } from '@quorate/contracts'
import type { RaftMessage } from '../../src/index.js'
import { expectHolds } from './invariants.js'

/** What a write has to do once it is durable. */
export interface Persisted {
  readonly lastSequence: number | null
  readonly messages: readonly Outgoing<RaftMessage>[]
}

/** A snapshot of the machine that the schedules run: a chain of hashes. */
export interface Image {
  readonly meta: SnapshotMeta
  readonly hash: number
}

/**
 * A member's disk: writes wait in order, several at once, and each is durable only when the schedule says so. A crash
 * keeps a prefix of them, told to nobody. A durable release forgets the records below it and the images below its own.
 */
export class BareDisk {
  #records: Uint8Array[] = []
  #firstSequence = 1
  #released: Release | null = null
  readonly #images = new Map<number, Image>()
  #waiting: Ready<RaftMessage>[] = []

  get waiting(): number {
    return this.#waiting.length
  }

  get durableSequence(): number {
    return this.#firstSequence + this.#records.length - 1
  }

  /** What a start begins with. */
  get snapshot(): Image | null {
    return this.#released ? this.imageAt(this.#released.snapshot) : null
  }

  imageAt(position: number): Image {
    const image = this.#images.get(position)
    expectHolds(image !== undefined, () => `the image at ${position} was deleted`)
    return image
  }

  /** The image, if it is still there. */
  findImage(position: number): Image | null {
    return this.#images.get(position) ?? null
  }

  saveImage(image: Image): void {
    this.#images.set(image.meta.position, image)
  }

  write(ready: Ready<RaftMessage>): void {
    if (ready.release) {
      const { release, firstSequence, records } = ready
      const last = firstSequence + records.length - 1
      expectHolds(release.sequence <= last, 'a release names no record after its own batch (order 7.3)')
      expectHolds(this.#images.has(release.snapshot), 'a release follows its snapshot (order 7.3)')
    }
    this.#waiting.push(ready)
  }

  /** Makes the first `count` waiting writes durable. */
  persist(count: number): Persisted {
    const done = this.#waiting.splice(0, count)
    let lastSequence: number | null = null
    for (const ready of done) {
      this.#records.push(...ready.records)
      if (ready.records.length > 0) lastSequence = ready.firstSequence + ready.records.length - 1
      if (ready.release) this.#release(ready.release)
    }
    return { lastSequence, messages: done.flatMap((ready) => ready.messagesAfterPersist) }
  }

  /** Loses what waits, but for a prefix that had reached the disk already, and every image that no release names. */
  crash(kept: number): void {
    this.persist(kept)
    this.#waiting = []
    for (const position of this.#images.keys()) {
      if (position !== this.#released?.snapshot) this.#images.delete(position)
    }
  }

  replay(onRecord: (sequence: number, bytes: Uint8Array) => void): void {
    this.#records.forEach((record, at) => onRecord(this.#firstSequence + at, record))
  }

  #release(release: Release): void {
    const before = release.sequence - this.#firstSequence
    expectHolds(before >= 0, 'a release brings no record back (order 7.3)')
    this.#records.splice(0, before)
    this.#firstSequence += before
    this.#released = release
    for (const position of this.#images.keys()) if (position < release.snapshot) this.#images.delete(position)
  }
}
