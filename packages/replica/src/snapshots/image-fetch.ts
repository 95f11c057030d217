import {
  ByteWriter,
  describeError,
  equalBytes,
  writeMembers,
  type Channel,
  type Environment,
  type NodeId,
  type OpenStorage,
  type SnapshotMeta,
  type SnapshotSink,
  type SnapshotSource,
} from '@quorate/contracts'
import { ChunkWindow } from './chunk-window.js'
import { encodeSnapshotRequest, type SnapshotAnswer, type SnapshotChunk } from './snapshot-frames.js'

const requestsInFlightMax = 8
const unansweredMax = 8

/** Why a fetch has failed: `peer` gives nothing more; `here` it cannot be kept; `image`: it is not what was announced. */
export type FetchFailure = 'peer' | 'here' | 'image'

/** What a fetch needs. */
export interface FetchHost {
  readonly environment: Environment
  readonly storage: Pick<OpenStorage, 'createSnapshot' | 'openSnapshot' | 'freeBytes'>
  /** Bytes that one request asks for, at most `chunkBytesMax`. */
  readonly chunkBytes: number
  /** How long nothing may come before a request counts as unanswered. */
  readonly silenceMs: number
  /** A longer image is not fetched, in bytes. */
  readonly snapshotBytesMax: number
  /** How long one fetch may take, in milliseconds, from whomever it comes. */
  readonly snapshotTimeoutMs: number
  send(to: NodeId, frame: Uint8Array, channel: Channel): 'queued' | 'dropped'
  /** It is durable, and `source`, its receiver's from now on, has the digest that the sender announced. */
  onFetched(meta: SnapshotMeta, source: SnapshotSource): void
  onFailed(meta: SnapshotMeta, why: FetchFailure, message: string): void
}

/**
 * One image on its way from a peer to this member's storage. It reports once, how it ended, and nothing at all after it
 * was abandoned.
 */
export class ImageFetch {
  readonly meta: SnapshotMeta
  readonly #host: FetchHost
  readonly #window: ChunkWindow
  #from: NodeId
  #content: { readonly total: number; readonly digest: Uint8Array } | null = null
  /** True until the sender after the first one has announced the same image. */
  #isResuming = false
  #sink: SnapshotSink | null = null
  #isWriting = false
  #hasEnded = false
  #unanswered = 0
  #cancelTimer: () => void = () => {}
  readonly #cancelDeadline: () => void

  constructor(host: FetchHost, from: NodeId, meta: SnapshotMeta) {
    this.#host = host
    this.#window = new ChunkWindow(host.chunkBytes, requestsInFlightMax)
    this.#from = from
    this.meta = meta
    const { snapshotTimeoutMs } = host
    const message = `it was not whole after ${snapshotTimeoutMs} ms: see why it comes so slowly, or raise snapshotTimeoutMs`
    this.#cancelDeadline = host.environment.setTimer(snapshotTimeoutMs, () => this.fail('here', message))
  }

  get from(): NodeId {
    return this.#from
  }

  /** Asks for what is missing. */
  start(): void {
    if (this.#hasEnded) return
    for (const part of this.#window.takeWanted()) {
      this.#host.send(this.#from, encodeSnapshotRequest({ position: this.meta.position, ...part }), 'control')
    }
    this.#cancelTimer()
    if (this.#window.isWaiting) {
      this.#cancelTimer = this.#host.environment.setTimer(this.#host.silenceMs, () => this.#onSilence())
    }
  }

  /** True if this fetch goes on when that snapshot is asked for. */
  isOf(meta: SnapshotMeta): boolean {
    return !this.#hasEnded && equalBytes(bytesOfMeta(meta), bytesOfMeta(this.meta))
  }

  /** Goes on where it is, from this member. */
  resumeFrom(peer: NodeId): void {
    if (peer !== this.#from) this.#isResuming = true
    this.#from = peer
    this.#unanswered = 0
    this.#window.loseAll()
    this.start()
  }

  /** `another`: this sender's image differs from what is here already, so everything has to be fetched again. */
  onAnswer(from: NodeId, answer: SnapshotAnswer): 'another' | null {
    if (this.#hasEnded || from !== this.#from || answer.position !== this.meta.position) return null
    if (answer.kind === 'gone') {
      this.fail('peer', `${from} has it no more`)
      return null
    }
    if (this.#content && !isOf(answer, this.#content)) {
      if (this.#isResuming) return 'another'
      this.fail('image', `${from} announced another image than before`)
      return null
    }
    this.#onChunk(answer)
    return null
  }

  fail(why: FetchFailure, message: string): void {
    if (this.#hasEnded) return
    this.abandon()
    this.#host.onFailed(this.meta, why, `the snapshot at position ${this.meta.position} was not fetched: ${message}`)
  }

  /** Ends it without a word. */
  abandon(): void {
    this.#hasEnded = true
    this.#cancelTimer()
    this.#cancelDeadline()
    if (!this.#isWriting) void this.#abortSink()
  }

  #onChunk({ offset, total, digest, bytes }: SnapshotChunk): void {
    this.#isResuming = false
    const { snapshotBytesMax } = this.#host
    if (total > snapshotBytesMax) {
      const message = `${this.#from} says that it has ${total} bytes, and snapshotBytesMax is ${snapshotBytesMax}`
      return this.fail('here', message)
    }
    this.#content ??= { total, digest: digest.slice() }
    this.#window.announce(total)
    const outcome = this.#window.arrive(offset, bytes)
    if (outcome === 'unwanted') return
    if (outcome === 'wrong') return this.fail('image', `${this.#from} sent ${bytes.length} bytes of it at ${offset}`)
    this.#unanswered = 0
    this.start()
    if (!this.#isWriting) void this.#write()
  }

  #onSilence(): void {
    this.#unanswered += 1
    if (this.#unanswered >= unansweredMax) {
      return this.fail('peer', `${this.#from} left ${unansweredMax} requests unanswered`)
    }
    this.#window.loseFirst()
    this.start()
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    try {
      this.#sink ??= await this.#createSink()
      for (;;) {
        const part = this.#hasEnded ? null : this.#window.takeNext()
        if (!part) break
        await this.#sink.write(part)
        this.start()
      }
      if (!this.#hasEnded && this.#window.isComplete) await this.#finish(this.#sink)
    } catch (error) {
      this.fail('here', `this member could not keep it: ${describeError(error)}`)
    } finally {
      this.#isWriting = false
      if (this.#hasEnded) void this.#abortSink()
    }
  }

  /** What cannot fit is not begun: it would fill the disk for everything else. */
  async #createSink(): Promise<SnapshotSink> {
    const { storage } = this.#host
    const freeBytes = (await storage.freeBytes?.()) ?? Infinity
    const total = this.#content?.total ?? 0
    if (total > freeBytes) throw new Error(`it has ${total} bytes, and ${freeBytes} are free: make room`)
    return storage.createSnapshot(this.meta)
  }

  async #finish(sink: SnapshotSink): Promise<void> {
    await sink.commit()
    this.#sink = null
    const source = await this.#host.storage.openSnapshot(this.meta.position)
    const isWhole = source?.byteLength === this.#content?.total
    const isSame = isWhole && equalBytes(source?.digest ?? empty, this.#content?.digest ?? empty)
    if (source && isSame && !this.#hasEnded) {
      this.#hasEnded = true
      this.#cancelTimer()
      this.#cancelDeadline()
      return this.#host.onFetched(this.meta, source)
    }
    await source?.close()
    this.fail('image', `what came from ${this.#from} has another digest than it announced`)
  }

  async #abortSink(): Promise<void> {
    const sink = this.#sink
    this.#sink = null
    // What cannot be deleted now is deleted at the next start.
    await sink?.abort().catch(() => undefined)
  }
}

const empty = new Uint8Array()

function isOf(chunk: SnapshotChunk, content: { readonly total: number; readonly digest: Uint8Array }): boolean {
  return chunk.total === content.total && equalBytes(chunk.digest, content.digest)
}

function bytesOfMeta({ position, epoch, members, protocol }: SnapshotMeta): Uint8Array {
  const writer = new ByteWriter().u53(position).u53(epoch)
  writeMembers(writer, members)
  return writer.bytes(protocol).finish()
}
