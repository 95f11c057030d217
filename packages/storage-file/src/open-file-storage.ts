import {
  QuorateError,
  type Batch,
  type OpenStorage,
  type Position,
  type ReplayReport,
  type Sequence,
  type SnapshotMeta,
  type SnapshotSink,
  type SnapshotSource,
} from '@quorate/contracts'
import { failureOf } from './damage.js'
import { writeIdentity } from './identity.js'
import { InOrder } from './in-order.js'
import type { OpenedPlace } from './open-place.js'
import { pathIn } from './place.js'
import { identityName } from './names.js'

/** A directory in use as a storage. */
export class OpenFileStorage implements OpenStorage {
  readonly #opened: OpenedPlace
  readonly #identityWrites = new InOrder()
  #identity: Uint8Array | null
  #closing: Promise<void> | null = null

  constructor(opened: OpenedPlace) {
    this.#opened = opened
    this.#identity = opened.identity
  }

  get identity(): Uint8Array | null {
    return this.#identity?.slice() ?? null
  }

  get snapshot(): SnapshotMeta | null {
    return this.#opened.snapshot
  }

  get pressure(): 'none' | 'low' | 'full' {
    return this.#opened.reserve.pressure
  }

  get failure(): QuorateError | null {
    return this.#opened.place.failStop.failure
  }

  async saveIdentity(bytes: Uint8Array): Promise<void> {
    this.#check()
    const { place, journal } = this.#opened
    await this.#identityWrites.run(() =>
      place.failStop.guard(`writing ${pathIn(place, identityName)}`, () => this.#writeIdentity(bytes, false)),
    )
    this.#identity = bytes.slice()
    journal.noteIdentity()
  }

  async replay(onRecord: (sequence: Sequence, bytes: Uint8Array) => void): Promise<ReplayReport> {
    this.#check()
    return this.#opened.journal.replay(onRecord)
  }

  async append(batch: Batch): Promise<void> {
    this.#check()
    const { journal, snapshots } = this.#opened
    if (batch.release && !snapshots.has(batch.release.snapshot)) {
      const message = `the release names the snapshot at ${batch.release.snapshot}, which was never committed`
      throw new TypeError(message)
    }
    await journal.append(batch)
  }

  async createSnapshot(meta: SnapshotMeta): Promise<SnapshotSink> {
    this.#check()
    return this.#opened.snapshots.createSink(meta)
  }

  async openSnapshot(position: Position): Promise<SnapshotSource | null> {
    this.#check()
    try {
      return await this.#opened.snapshots.openSource(position)
    } catch (error) {
      throw failureOf(`opening the snapshot at ${position}`, error)
    }
  }

  freeBytes(): Promise<number> {
    const { files, directory } = this.#opened.place.settings
    return files.freeBytes(directory)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** Everything is let go, also when a step before it has failed; the first failure is the one that is told. */
  async #close(): Promise<void> {
    const { journal, reserve, snapshots, unlock } = this.#opened
    const steps = [
      () => this.#identityWrites.settled(),
      () => journal.close(),
      () => this.#noteClosed(),
      () => snapshots.close(),
      () => reserve.close(),
      unlock,
    ]
    const failures: unknown[] = []
    for (const step of steps) await step().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failureOf('closing the storage', failures[0])
  }

  /**
   * Says that nothing was under way. It is a help to whoever moves the directory, and nothing rests on it: a disk that is
   * full keeps nobody from closing.
   */
  async #noteClosed(): Promise<void> {
    if (this.#identity === null || this.failure !== null) return
    await this.#writeIdentity(this.#identity, true).catch(() => undefined)
  }

  #writeIdentity(bytes: Uint8Array, isClosed: boolean): Promise<void> {
    const { place, journal } = this.#opened
    return writeIdentity(place, bytes, { lastRecord: journal.lastRecord, isClosed, isBackup: false })
  }

  #check(): void {
    if (this.#closing) throw new QuorateError('STOPPED', 'this storage is closed', { outcome: 'notDone' })
    this.#opened.place.failStop.check()
  }
}
