import { type Batch, type Release, type ReplayReport, type Sequence } from '@quorate/contracts'
import { batchBytesOf, batchHeaderBytes, encodeBatch } from './batch.js'
import { nameOf } from './names.js'
import { pathIn, type Place } from './place.js'
import type { RecoveredJournal } from './recover-journal.js'
import { readJournal, replayFrom } from './replay.js'
import type { Reserve } from './reserve.js'
import type { Cursor } from './scan.js'
import { createSegment, sealSegment, type ActiveSegment } from './segment-file.js'
import { segmentHeaderBytes, type SegmentHeader } from './segment-header.js'

/** What one sync covers at most, unless a single batch has more. */
const groupBytesMax = 16 * 1024 * 1024
const groupBatchesMax = 512

/** A batch above this is a mistake of the caller: its lengths have 32 bits. */
const batchBytesMax = 1024 * 1024 * 1024

/** A batch that waits for its turn. */
interface Waiting {
  readonly records: readonly Uint8Array[]
  readonly release: Release | null
  /** Room that it needs. */
  readonly bytes: number
  resolve(): void
  reject(reason: unknown): void
}

/**
 * The records of a place, appended in order. One call is one batch; batches that come while a sync is under way share
 * the next one. Nothing is resolved before it is durable, and a failure ends the storage (decision D5).
 */
export class Journal {
  readonly #place: Place
  readonly #reserve: Reserve
  readonly #onRelease: (release: Release) => Promise<void>
  readonly #cut: ReplayReport['cut']
  readonly #segments: SegmentHeader[]
  #active: ActiveSegment
  /** Behind the last durable batch. */
  #end: Cursor
  #release: Release | null
  #hasIdentity: boolean
  #waiting: Waiting[] = []
  /** The last release that was handed in, durable or not. */
  #acceptedRelease: Release | null
  #nextSequence: number
  #isWriting = false
  /** Resolves when nothing waits any more. */
  #idle: Promise<void> = Promise.resolve()
  #mayReplay = true
  #isReplaying = false
  #needsMark = false
  /** When the last batch was written; the mark is due `markAfterMs` later. */
  #writtenAtMs = 0
  /** Not null while a timer for the mark runs. */
  #cancelTimer: (() => void) | null = null

  /** `onRelease` runs when a release is durable. */
  constructor(
    place: Place,
    reserve: Reserve,
    recovered: RecoveredJournal,
    onRelease: (release: Release) => Promise<void>,
  ) {
    this.#place = place
    this.#reserve = reserve
    this.#onRelease = onRelease
    this.#segments = [...recovered.segments]
    this.#active = recovered.active
    this.#end = recovered.end
    this.#release = recovered.release
    this.#acceptedRelease = recovered.release
    this.#hasIdentity = recovered.hasIdentity
    this.#cut = recovered.cut
    this.#nextSequence = recovered.end.sequence
  }

  /** From now on every batch says that there is an identity, so that its loss is noticed. */
  noteIdentity(): void {
    this.#hasIdentity = true
  }

  /** The last record that is durable; 0: none. */
  get lastRecord(): number {
    return this.#end.sequence - 1
  }

  async replay(onRecord: (sequence: Sequence, bytes: Uint8Array) => void): Promise<ReplayReport> {
    if (!this.#mayReplay) throw new TypeError('a journal is replayed once, before the first append')
    this.#mayReplay = false
    this.#isReplaying = true
    try {
      const batches = readJournal(this.#place.settings, this.#segments, this.#end)
      const guarded = this.#place.failStop.guardEach('reading the journal', batches)
      return { ...(await replayFrom(this.#release, guarded, onRecord)), cut: this.#cut }
    } finally {
      this.#isReplaying = false
    }
  }

  append({ firstSequence, records, release }: Batch): Promise<void> {
    const bytes = batchBytesOf(records)
    this.#check({ firstSequence, records, release }, bytes)
    this.#mayReplay = false
    this.#nextSequence += records.length
    this.#acceptedRelease = release ?? this.#acceptedRelease
    return this.#enqueue(records, release, bytes)
  }

  /** Marks the last batch as durable if nothing does yet, and lets go of the file. */
  async close(): Promise<void> {
    this.#cancelMark()
    try {
      await this.#idle
      if (this.#needsMark && !this.#place.failStop.hasFailed) await this.#writeMark()
    } finally {
      this.#cancelMark()
      await this.#active.file.close()
    }
  }

  #check({ firstSequence, records, release }: Batch, bytes: number): void {
    if (this.#isReplaying) throw new TypeError('the journal is being replayed: append when that is over')
    const next = this.#nextSequence
    if (firstSequence !== next) {
      throw new TypeError(`the next record is ${next}, and the batch begins with ${firstSequence}`)
    }
    if (bytes > batchBytesMax) throw new TypeError(`a batch of ${bytes} bytes is above ${batchBytesMax}`)
    if (!release) return
    if (release.sequence < 1 || release.sequence > next + records.length) {
      throw new TypeError(`the release names record ${release.sequence}, behind the batch that carries it`)
    }
    const before = this.#acceptedRelease
    if (before && (release.sequence < before.sequence || release.snapshot < before.snapshot)) {
      const given = `record ${release.sequence} on snapshot ${release.snapshot}`
      throw new TypeError(
        `the release goes back to ${given}, and ${before.sequence} on ${before.snapshot} was released`,
      )
    }
  }

  #enqueue(records: readonly Uint8Array[], release: Release | null, bytes: number): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ records, release, bytes, resolve, reject })
      if (!this.#isWriting) this.#idle = this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      let group: Waiting[] = []
      try {
        await this.#place.failStop.guard('writing the journal', async () => {
          if (this.#mustRotate()) await this.#rotate()
          group = this.#takeGroup()
          await this.#write(group)
        })
        for (const batch of group) batch.resolve()
        const release = group.findLast((batch) => batch.release !== null)?.release
        if (release) await this.#forget(release)
        this.#reserve.maybeRefill(false)
      } catch (error) {
        for (const batch of [...group, ...this.#waiting.splice(0)]) batch.reject(error)
      }
    }
    this.#isWriting = false
    if (!this.#needsMark) return
    this.#writtenAtMs = this.#place.settings.environment.monotonicMs()
    if (!this.#cancelTimer) this.#markLater(this.#place.settings.markAfterMs)
  }

  /**
   * One timer outlasts many batches, and looks when the last of them was written: to start one after each batch, and to
   * stop it before the next, took a twentieth of the time of a lone writer.
   */
  #markLater(delayMs: number): void {
    const { environment, markAfterMs } = this.#place.settings
    this.#cancelTimer = environment.setTimer(delayMs, () => {
      this.#cancelTimer = null
      if (this.#isWriting || !this.#needsMark) return
      const leftMs = this.#writtenAtMs + markAfterMs - environment.monotonicMs()
      if (leftMs > 0) this.#markLater(leftMs)
      else this.#writeMark().catch(() => undefined)
    })
  }

  #cancelMark(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }

  /**
   * An empty batch: it says that the one before it is durable. A failure is kept, and told to the next caller. It asks
   * for no room, because every segment keeps some for it: a mark must not use up a file of the reserve.
   */
  #writeMark(): Promise<void> {
    return this.#enqueue([], null, 0)
  }

  #mustRotate(): boolean {
    const first = this.#waiting[0]
    const isEmpty = this.#end.offset === segmentHeaderBytes
    return first !== undefined && !isEmpty && first.bytes > Math.max(this.#room(), 0)
  }

  /** Bytes that the active segment has left, beside a mark and its seal. A batch that no segment holds makes one longer. */
  #room(): number {
    return this.#place.settings.segmentBytes - 2 * batchHeaderBytes - this.#end.offset
  }

  #takeGroup(): Waiting[] {
    const room = Math.min(this.#room(), groupBytesMax)
    let bytes = 0
    let count = 0
    for (const batch of this.#waiting) {
      bytes += batch.bytes
      if (count > 0 && (bytes > room || count === groupBatchesMax)) break
      count += 1
    }
    return this.#waiting.splice(0, count)
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    const { file, crc: segmentCrc } = this.#active
    const syncedThrough = this.#end.ordinal - 1
    const chunks: Uint8Array[] = []
    let at = this.#end
    for (const { records, release } of group) {
      const { ordinal, offset } = at
      const known = { syncedThrough, release, hasIdentity: this.#hasIdentity, isSeal: false }
      const fields = { ordinal, firstSequence: at.sequence, ...known }
      const { bytes, chain } = encodeBatch(fields, records, at.chain, { segmentCrc, offset })
      chunks.push(bytes)
      at = { offset: offset + bytes.length, ordinal: ordinal + 1, sequence: at.sequence + records.length, chain }
    }
    await file.write(this.#end.offset, chunks)
    await file.datasync()
    this.#end = at
    this.#needsMark = group.some(({ records, release }) => records.length > 0 || release !== null)
  }

  /** Everything before is durable when a new segment begins, and its header says so. */
  async #rotate(): Promise<void> {
    const sealed = this.#active
    const { ordinal, sequence: firstSequence, chain } = this.#end
    this.#active = await createSegment(this.#place, this.#reserve, {
      ordinal: sealed.header.ordinal + 1,
      previous: sealed.header.ordinal,
      firstBatch: ordinal,
      firstSequence,
      syncedThrough: ordinal - 1,
      release: this.#release,
      chain,
      hasIdentity: this.#hasIdentity,
    })
    this.#segments.push(this.#active.header)
    try {
      await sealSegment(sealed.file, sealed.crc, this.#end, this.#hasIdentity)
    } finally {
      await sealed.file.close()
    }
    this.#end = { ...this.#end, offset: segmentHeaderBytes }
    this.#reserve.maybeRefill(true)
  }

  /** Deletes what a release no longer needs. */
  async #forget(release: Release): Promise<void> {
    this.#release = release
    await this.#onRelease(release)
    const { files, directory } = this.#place.settings
    await this.#place.failStop.guard('deleting what the journal no longer needs', async () => {
      const before = this.#segments.length
      for (let next = this.#segments[1]; next && next.firstSequence <= release.sequence; next = this.#segments[1]) {
        const oldest = this.#segments.shift()
        if (oldest) await files.unlink(pathIn(this.#place, nameOf('journal', oldest.ordinal)))
      }
      if (this.#segments.length < before) await files.syncDirectory(directory)
    })
  }
}
