import type { NodeId, SnapshotMeta, SnapshotSource } from '@quorate/contracts'
import { Backoff } from './backoff.js'
import { ImageFetch, type FetchFailure, type FetchHost } from './image-fetch.js'
import { chunkBytesMax, decodeSnapshotAnswer } from './snapshot-frames.js'
import type { WarnOfSnapshot } from './warn.js'

/** What {@link SnapshotFetcher} needs of the driver. */
export interface FetcherHost extends Pick<FetchHost, 'environment' | 'storage' | 'send'> {
  readonly warn: WarnOfSnapshot
  /** It is durable here and whole. Hold `source` until it is installed, and close it. */
  onFetched(meta: SnapshotMeta, source: SnapshotSource): void
  onFailed(meta: SnapshotMeta): void
}

/** Bounds of a fetch; the rest is for tests. */
export interface FetchOptions extends Pick<FetchHost, 'snapshotBytesMax' | 'snapshotTimeoutMs'> {
  readonly chunkBytes?: number
  readonly silenceMs?: number
}

/**
 * Pulls the image that the protocol wants, one at a time: another one replaces it, and the same one from another member
 * goes on where it is, if that member has the same bytes (section 9.11 of the ports).
 *
 * An image that this member cannot keep, or that is not what was announced, is reported after a wait that doubles,
 * because the next offer comes at once (decision D5).
 */
export class SnapshotFetcher {
  readonly #host: FetcherHost
  readonly #fetchHost: FetchHost
  readonly #backoff = new Backoff(1_000, 60_000)
  #current: ImageFetch | null = null
  #cancelReport: () => void = () => {}

  constructor(host: FetcherHost, options: FetchOptions) {
    this.#host = host
    this.#fetchHost = {
      environment: host.environment,
      storage: host.storage,
      chunkBytes: options.chunkBytes ?? chunkBytesMax,
      silenceMs: options.silenceMs ?? 1_000,
      snapshotBytesMax: options.snapshotBytesMax,
      snapshotTimeoutMs: options.snapshotTimeoutMs,
      send: (to, frame, channel) => host.send(to, frame, channel),
      onFetched: (meta, source) => this.#onFetched(meta, source),
      onFailed: (meta, why, message) => this.#onFailed(meta, why, message),
    }
  }

  get isFetching(): boolean {
    return this.#current !== null
  }

  fetch(from: NodeId, meta: SnapshotMeta): void {
    this.#cancelReport()
    if (this.#current?.isOf(meta)) this.#current.resumeFrom(from)
    else this.#begin(from, meta)
  }

  /** A frame of kind `snapshotChunk`, without its kind. Throws `BytesError` if it is none. */
  onFrame(from: NodeId, body: Uint8Array): void {
    const answer = decodeSnapshotAnswer(body)
    const current = this.#current
    if (current?.onAnswer(from, answer) === 'another') this.#begin(from, current.meta)
  }

  onLink(peer: NodeId, state: 'up' | 'down' | 'gone'): void {
    if (this.#current?.from !== peer) return
    if (state === 'up') this.#current.resumeFrom(peer)
    if (state === 'gone') this.#current.fail('peer', `nobody listens at ${peer}`)
  }

  /** Reports nothing more. */
  close(): void {
    this.#cancelReport()
    this.#current?.abandon()
    this.#current = null
  }

  #begin(from: NodeId, meta: SnapshotMeta): void {
    this.#current?.abandon()
    this.#current = new ImageFetch(this.#fetchHost, from, meta)
    this.#current.start()
  }

  #onFetched(meta: SnapshotMeta, source: SnapshotSource): void {
    this.#current = null
    this.#backoff.reset()
    this.#host.onFetched(meta, source)
  }

  #onFailed(meta: SnapshotMeta, why: FetchFailure, message: string): void {
    this.#current = null
    this.#host.warn('SNAPSHOT_FAILED', message)
    if (why === 'peer') return this.#host.onFailed(meta)
    this.#cancelReport = this.#host.environment.setTimer(this.#backoff.takeMs(), () => this.#host.onFailed(meta))
  }
}
