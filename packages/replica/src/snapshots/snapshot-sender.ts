import { describeError, type Channel, type Environment, type NodeId, type OpenStorage } from '@quorate/contracts'
import { ByteRate } from './byte-rate.js'
import { OpenSources } from './open-sources.js'
import {
  decodeSnapshotRequest,
  encodeSnapshotAnswer,
  type SnapshotAnswer,
  type SnapshotRequest,
} from './snapshot-frames.js'
import type { WarnOfSnapshot } from './warn.js'

/** Requests of one peer that wait at most; its others are lost, as frames may be. */
const waitingPerPeerMax = 16

/** What {@link SnapshotSender} needs of the driver. */
export interface SenderHost {
  readonly environment: Environment
  readonly storage: Pick<OpenStorage, 'openSnapshot'>
  readonly warn: WarnOfSnapshot
  /** An image of this member's own is damaged, or cannot be read. */
  onUnreadable(): void
  send(to: NodeId, frame: Uint8Array, channel: Channel): 'queued' | 'dropped'
}

/** What bounds {@link SnapshotSender}. */
export interface SenderLimits {
  readonly snapshotBytesPerSecond: number
  /** Images open at once. Default 4. */
  readonly sourcesMax?: number
  /** After how many milliseconds without a request an image is closed. Default 10,000. */
  readonly sourceIdleMs?: number
}

interface Waiting {
  readonly from: NodeId
  readonly request: SnapshotRequest
}

/**
 * Answers the requests of peers for parts of this member's images, one after the other and at a bounded rate (section 5
 * of the ports). It keeps no account of anybody's transfer: whoever pulls knows how far it is.
 */
export class SnapshotSender {
  readonly #host: SenderHost
  readonly #rate: ByteRate
  readonly #sources: OpenSources
  #waiting: Waiting[] = []
  #work: Promise<void> | null = null
  #isClosed = false
  #wake: () => void = () => {}

  constructor(host: SenderHost, limits: SenderLimits) {
    const { snapshotBytesPerSecond, sourcesMax = 4, sourceIdleMs = 10_000 } = limits
    this.#host = host
    this.#rate = new ByteRate(host.environment, snapshotBytesPerSecond)
    this.#sources = new OpenSources(host.environment, host.storage, { sourcesMax, idleMs: sourceIdleMs })
  }

  /** Requests that wait for their turn. */
  get waiting(): number {
    return this.#waiting.length
  }

  get openImages(): number {
    return this.#sources.size
  }

  /** A frame of kind `snapshotRequest`, without its kind. Throws `BytesError` if it is none. */
  onFrame(from: NodeId, body: Uint8Array): void {
    this.#onRequest(from, decodeSnapshotRequest(body))
  }

  /** Answers nothing more. Resolves when every image is closed. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#waiting = []
    this.#wake()
    await this.#work
    await this.#sources.close()
  }

  #onRequest(from: NodeId, request: SnapshotRequest): void {
    if (this.#isClosed) return
    const own = this.#waiting.filter((waiting) => waiting.from === from)
    const isKnown = own.some(
      ({ request: { position, offset } }) => position === request.position && offset === request.offset,
    )
    if (isKnown || own.length >= waitingPerPeerMax) return
    this.#waiting.push({ from, request })
    this.#work ??= this.#answerAll()
  }

  async #answerAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const answer = await this.#answerOf(next.request)
      const waitMs = answer.kind === 'chunk' ? this.#rate.takeMs(answer.bytes.length) : 0
      if (waitMs > 0 && !this.#isClosed) await this.#wait(waitMs)
      // A full queue loses the chunk, and its receiver asks for it again.
      if (!this.#isClosed) this.#host.send(next.from, encodeSnapshotAnswer(answer), 'bulk')
      await this.#host.environment.yieldTurn()
    }
    this.#work = null
  }

  async #answerOf({ position, offset, bytes }: SnapshotRequest): Promise<SnapshotAnswer> {
    const gone = { kind: 'gone', position } as const
    try {
      const answer = await this.#sources.read<SnapshotAnswer>(position, async (source) => {
        const { byteLength: total, digest } = source
        if (offset > total) return gone
        return { kind: 'chunk', position, offset, total, digest, bytes: await source.read(offset, bytes) }
      })
      return answer ?? gone
    } catch (error) {
      if (!this.#isClosed) {
        const message = `the snapshot at position ${position} cannot be read for a peer: ${describeError(error)}`
        this.#host.warn('SNAPSHOT_FAILED', message)
        this.#host.onUnreadable()
      }
      return gone
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#host.environment.setTimer(ms, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }
}
