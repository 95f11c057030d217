import type { VirtualTime } from '@quorate/conformance'
import type { NodeId, OpenStorage, SnapshotMeta, SnapshotSource } from '@quorate/contracts'
import { memoryStorage } from '@quorate/storage-memory'
import { expect } from 'vitest'
import { frameKind, frameReserveBytes } from '../../src/frame.js'
import {
  decodeSnapshotAnswer,
  decodeSnapshotRequest,
  encodeSnapshotAnswer,
  type SnapshotAnswer,
} from '../../src/snapshots/snapshot-frames.js'
import { SnapshotFetcher } from '../../src/snapshots/snapshot-fetcher.js'
import { SnapshotSender } from '../../src/snapshots/snapshot-sender.js'
import { counting, n1, save, still, type OpenCounts } from './places.js'

/** Small parts, so that an image of many is quickly made. */
export const part = 1_024

/** What becomes of a frame. */
export type Fate = 'arrives' | 'lost' | 'doubled'

/** A fetcher (n1) and senders, on a wire that a test may break. */
export class Wire {
  readonly time: VirtualTime = still()
  readonly asked: { readonly of: NodeId; readonly offset: number; readonly atMs: number }[] = []
  readonly fetched: { readonly meta: SnapshotMeta; readonly source: SnapshotSource }[] = []
  readonly failed: SnapshotMeta[] = []
  readonly warnings: string[] = []
  readonly fetcher: SnapshotFetcher
  /** What is open on the fetcher's storage. */
  readonly counts: OpenCounts
  readonly #senders = new Map<NodeId, SnapshotSender>()
  fate: (kind: 'request' | 'answer', peer: NodeId) => Fate = () => 'arrives'
  change: (answer: SnapshotAnswer) => SnapshotAnswer = (answer) => answer

  constructor(storage: OpenStorage) {
    this.counts = counting(storage)
    const send = (to: NodeId, frame: Uint8Array, channel: string) => {
      expect([frame[0], channel]).toEqual([frameKind.snapshotRequest, 'control'])
      const { offset } = decodeSnapshotRequest(frame.subarray(frameReserveBytes))
      this.asked.push({ of: to, offset, atMs: this.time.environment.monotonicMs() })
      return this.#carry('request', to, () => this.#senders.get(to)?.onFrame(n1, frame.subarray(frameReserveBytes)))
    }
    const host = {
      environment: this.time.environment,
      storage,
      send,
      warn: (code: string, message: string) => void this.warnings.push(`${code}: ${message}`),
      onFetched: (meta: SnapshotMeta, source: SnapshotSource) => void this.fetched.push({ meta, source }),
      onFailed: (meta: SnapshotMeta) => void this.failed.push(meta),
    }
    const bounds = { snapshotBytesMax: 1024 * part, snapshotTimeoutMs: 300_000 }
    this.fetcher = new SnapshotFetcher(host, { chunkBytes: part, ...bounds })
  }

  /** A member that sends these images. */
  async join(peer: NodeId, images: Readonly<Record<number, Uint8Array>>): Promise<void> {
    const storage = await memoryStorage().open()
    for (const [at, image] of Object.entries(images)) await save(storage, Number(at), image)
    this.serve(peer, storage)
  }

  serve(peer: NodeId, storage: OpenStorage): void {
    const host = {
      environment: this.time.environment,
      storage,
      warn: () => {},
      onUnreadable: () => {},
      send: (_to: NodeId, frame: Uint8Array) => {
        const answer = this.change(decodeSnapshotAnswer(frame.subarray(frameReserveBytes)))
        const body = encodeSnapshotAnswer(answer).subarray(frameReserveBytes)
        return this.#carry('answer', peer, () => this.fetcher.onFrame(peer, body))
      },
    }
    this.#senders.set(peer, new SnapshotSender(host, { snapshotBytesPerSecond: 64 * 1024 * 1024 }))
  }

  #carry(kind: 'request' | 'answer', peer: NodeId, arrive: () => void): 'queued' {
    const fate = this.fate(kind, peer)
    for (let copies = fate === 'lost' ? 0 : fate === 'doubled' ? 2 : 1; copies > 0; copies -= 1) {
      this.time.environment.setTimer(5, arrive)
    }
    return 'queued'
  }
}
