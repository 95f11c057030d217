import {
  describeError,
  QuorateError,
  type Environment,
  type OpenStorage,
  type Position,
  type SnapshotMeta,
  type SnapshotSink,
} from '@quorate/contracts'
import type { SnapshotStatus } from '../queues.js'
import { AskedSnapshots } from './asked-snapshots.js'
import { Backoff } from './backoff.js'
import { slicesOf } from './slices.js'
import type { WarnOfSnapshot } from './warn.js'

const sliceBytes = 256 * 1024
/** Slices kept in memory before a machine that is held has to wait for the disk. */
const keptSlicesMax = 64

/** An image that cannot be read is written anew, and not again before this time, in milliseconds. */
const renewEveryMs = 10_000

/** When a checkpoint is due: whichever comes first. */
export interface CheckpointLimits {
  readonly snapshotEveryEntries: number
  readonly snapshotEveryBytes: number
}

/** What {@link Checkpoints} need of the driver. */
export interface CheckpointsHost {
  readonly environment: Environment
  readonly storage: Pick<OpenStorage, 'createSnapshot'>
  readonly warn: WarnOfSnapshot
  /** What a snapshot at this position stands for; null when the protocol has installed beyond it. */
  metaAt(position: Position): SnapshotMeta | null
  /** Canonical bytes of the state at the call. */
  image(): AsyncIterable<Uint8Array>
  /** Stops the applier until the returned function is called, which is done once; null if the image is of its moment without that. */
  readonly hold: (() => () => void) | null
  /** The applier was held for so long. */
  onHeld(ms: number): void
  onSaved(meta: SnapshotMeta): void
}

/** One checkpoint under way. */
interface Attempt {
  readonly meta: SnapshotMeta
  readonly bytesAtStart: number
  /** It takes the place of an image that cannot be read. */
  readonly isRenewal: boolean
  isAbandoned: boolean
}

/**
 * Decides when this member writes a snapshot of its own, and writes one at a time.
 *
 * One that fails is deleted, told, and tried again with a later state after a wait that doubles; nothing is reported, so
 * the journal keeps what it has (decision D5). A machine whose image is not of the moment of the call is held until the
 * image was read, and not until it is written, unless it is a large one (decision D29).
 */
export class Checkpoints {
  readonly #host: CheckpointsHost
  readonly #limits: CheckpointLimits
  readonly #backoff = new Backoff(1_000, 60_000)
  #since: Position
  #applied: Position
  #bytes = 0
  #attempt: Attempt | null = null
  #idle: Promise<void> = Promise.resolve()
  #cancelRetry: (() => void) | null = null
  #isPaused = false
  /** The last image cannot be read: another is wanted, of whatever position. */
  #isWanted = false
  #renewedAtMs = -Infinity
  readonly #asked = new AskedSnapshots()

  /** `since` is the position of the last snapshot, or 0. */
  constructor(host: CheckpointsHost, limits: CheckpointLimits, since: Position) {
    this.#host = host
    this.#limits = limits
    this.#since = since
    this.#applied = since
  }

  get status(): SnapshotStatus {
    return {
      position: this.#since,
      entriesSince: this.#applied - this.#since,
      bytesSince: this.#bytes,
      isWriting: this.#attempt !== null,
    }
  }

  /** Everything up to `at` is applied, and the commands since the last call have so many bytes. May take a checkpoint. */
  onApplied(at: Position, commandBytes: number): void {
    this.#applied = at
    this.#bytes += commandBytes
    this.#maybeTake()
  }

  /**
   * The last image is damaged, or cannot be read. Another takes its place, also of the same position: a member that needs it
   * would wait for it until somebody writes, and this one could not start again (F-43).
   */
  renew(): void {
    const now = this.#host.environment.monotonicMs()
    if (now - this.#renewedAtMs < renewEveryMs) return
    this.#renewedAtMs = now
    this.#isWanted = true
    this.#maybeTake()
  }

  /**
   * Takes one now, of everything that is applied, and resolves with its position when it is durable: at once, if the last
   * one is of that position. Rejects if it cannot be written.
   */
  take(): Promise<Position> {
    if (this.#since === this.#applied && !this.#attempt) return Promise.resolve(this.#since)
    const taken = this.#asked.ask(this.#applied)
    this.#maybeTake()
    return taken
  }

  /** Whoever waits for one is told that none will come. */
  refuse(reason: Error): void {
    this.#asked.refuse(reason)
  }

  /**
   * Gives up the one under way, and takes none until {@link resume}: before an install, and at the end. Resolves when
   * nobody reads the state any more.
   */
  pause(): Promise<void> {
    this.#isPaused = true
    if (this.#attempt) this.#attempt.isAbandoned = true
    this.#cancelRetry?.()
    this.#cancelRetry = null
    return this.#idle
  }

  /** The state is that of the snapshot at `at`, which is durable and can be read: counting starts anew. */
  resume(at: Position): void {
    this.#isPaused = false
    this.#isWanted = false
    this.#since = at
    this.#applied = at
    this.#bytes = 0
    this.#asked.onSaved(at)
  }

  #maybeTake(): void {
    if (this.#isPaused || this.#attempt || this.#cancelRetry) return
    const isDue =
      this.#isWanted ||
      this.#asked.areAny ||
      this.#applied - this.#since >= this.#limits.snapshotEveryEntries ||
      this.#bytes >= this.#limits.snapshotEveryBytes
    if (!isDue || (this.#applied === this.#since && !this.#isWanted)) return
    const meta = this.#host.metaAt(this.#applied)
    if (meta === null) return
    const attempt: Attempt = { meta, bytesAtStart: this.#bytes, isRenewal: this.#isWanted, isAbandoned: false }
    this.#attempt = attempt
    this.#isWanted = false
    // Held and asked for in this turn, before anything more is applied: the image is of the position that `meta` names.
    const release = this.#host.hold?.() ?? null
    const writing = new ImageWriting(this.#host, attempt)
    this.#idle = this.#write(writing, attempt, this.#read(writing, attempt, release))
  }

  async #read(writing: ImageWriting, attempt: Attempt, release: (() => void) | null): Promise<void> {
    const startMs = this.#host.environment.monotonicMs()
    try {
      for await (const slice of slicesOf(this.#host.image(), sliceBytes)) {
        if (attempt.isAbandoned) break
        await writing.add(slice, release === null ? 0 : keptSlicesMax)
        await this.#host.environment.yieldTurn()
      }
    } finally {
      release?.()
      if (release) this.#host.onHeld(this.#host.environment.monotonicMs() - startMs)
    }
  }

  async #write(writing: ImageWriting, attempt: Attempt, reading: Promise<void>): Promise<void> {
    try {
      await reading
      await writing.finish()
      this.#attempt = null
      if (!attempt.isAbandoned) this.#onSaved(attempt)
    } catch (error) {
      await writing.abort()
      this.#attempt = null
      if (!attempt.isAbandoned) this.#onFailed(attempt, error)
    }
  }

  #onSaved({ meta, bytesAtStart }: Attempt): void {
    this.#since = meta.position
    this.#bytes -= bytesAtStart
    this.#backoff.reset()
    this.#host.onSaved(meta)
    this.#asked.onSaved(meta.position)
    this.#maybeTake()
  }

  #onFailed({ meta, isRenewal }: Attempt, error: unknown): void {
    this.#isWanted ||= isRenewal
    const waitMs = this.#backoff.takeMs()
    const message =
      `the snapshot at position ${meta.position} was not written: ${describeError(error)}. ` +
      `The journal keeps what it holds; the next try is in ${waitMs} ms`
    this.#host.warn('SNAPSHOT_FAILED', message)
    this.#asked.onFailed(new QuorateError('STORAGE_FAILED', message, { outcome: 'notDone', cause: error }))
    this.#cancelRetry = this.#host.environment.setTimer(waitMs, () => {
      this.#cancelRetry = null
      this.#maybeTake()
    })
  }
}

/** An image on its way to a sink, some of it still in memory. */
class ImageWriting {
  readonly #host: CheckpointsHost
  readonly #attempt: Attempt
  #kept: Uint8Array[] = []
  #sink: SnapshotSink | null = null

  constructor(host: CheckpointsHost, attempt: Attempt) {
    this.#host = host
    this.#attempt = attempt
  }

  /** Takes a slice; beyond `keptMax` slices, all of them are written first. */
  async add(slice: Uint8Array, keptMax: number): Promise<void> {
    this.#kept.push(slice)
    if (this.#kept.length > keptMax) await this.#flush()
  }

  /** Makes the image durable, or deletes it if it was abandoned. */
  async finish(): Promise<void> {
    await this.#flush()
    if (this.#attempt.isAbandoned) await this.abort()
    else await this.#sink?.commit()
  }

  /** Deletes what was written. What cannot be deleted now is deleted at the next start. */
  async abort(): Promise<void> {
    await this.#sink?.abort().catch(() => undefined)
  }

  /** Writes what is in memory, with a turn for others after each slice. */
  async #flush(): Promise<void> {
    if (this.#attempt.isAbandoned) return
    this.#sink ??= await this.#host.storage.createSnapshot(this.#attempt.meta)
    const slices = this.#kept
    this.#kept = []
    for (const slice of slices) {
      if (this.#attempt.isAbandoned) return
      await this.#sink.write(slice)
      await this.#host.environment.yieldTurn()
    }
  }
}
