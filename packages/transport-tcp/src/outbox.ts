import type { Socket } from 'node:net'
import type { Channel } from '@quorate/contracts'
import { encodeFrames, type QueuedFrame } from './frame.js'

/** What a frame costs beside its bytes, so that empty frames are bounded too. */
const frameOverheadBytes = 64

/** One write takes about this much, so that a control frame never waits behind more of ours than that. */
const writeBytes = 256 * 1024

/** What waits for one connection: bounded per channel, control first, gathered into one write per turn. */
export class Outbox {
  readonly #socket: Socket
  readonly #yieldTurn: () => Promise<void>
  readonly #onProgress: () => void
  readonly #probes: QueuedFrame[] = []
  readonly #queues: Readonly<Record<Channel, FrameQueue>>
  #scheduled = false
  #writing = false

  /**
   * `onProgress` runs when a write that had to wait has ended: the other side's kernel must have made room for it. A
   * write that the kernel takes at once proves nothing, since its buffer holds minutes of small frames.
   */
  constructor(socket: Socket, channelBytesMax: number, yieldTurn: () => Promise<void>, onProgress: () => void) {
    this.#socket = socket
    this.#yieldTurn = yieldTurn
    this.#onProgress = onProgress
    this.#queues = {
      control: new FrameQueue(channelBytesMax),
      log: new FrameQueue(channelBytesMax),
      bulk: new FrameQueue(channelBytesMax),
    }
  }

  /** Takes the frame, or refuses it because its channel is full. */
  offer(channel: Channel, body: Uint8Array): 'queued' | 'dropped' {
    if (!this.#queues[channel].push({ kind: channel, body })) return 'dropped'
    this.#schedule()
    return 'queued'
  }

  /** Says something of the transport's own, ahead of everything that waits. At most one waits at a time. */
  probe(kind: 'ping' | 'pong'): void {
    if (this.#probes.length > 0) return
    this.#probes.push({ kind, body: new Uint8Array() })
    this.#schedule()
  }

  /** Writes at the end of this turn, or when the write under way has ended. */
  #schedule(): void {
    if (this.#scheduled || this.#writing) return
    this.#scheduled = true
    void this.#yieldTurn().then(() => {
      this.#scheduled = false
      this.#write()
    })
  }

  #write(): void {
    if (this.#writing || this.#socket.destroyed) return
    const pieces = encodeFrames(this.#takeFrames())
    const last = pieces.pop()
    if (!last) return
    this.#writing = true
    let isOver = false
    let hasWaited = false
    this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    this.#socket.write(last, (error) => {
      isOver = true
      this.#writing = false
      if (error) return
      if (hasWaited) this.#onProgress()
      this.#write()
    })
    this.#socket.uncork()
    // TLS says only a turn later that the kernel has taken all of it at once.
    void this.#yieldTurn().then(() => {
      hasWaited = !isOver
    })
  }

  #takeFrames(): QueuedFrame[] {
    const frames = this.#probes.splice(0)
    let bytes = 0
    for (const queue of [this.#queues.control, this.#queues.log, this.#queues.bulk]) {
      while (bytes < writeBytes) {
        const frame = queue.shift()
        if (!frame) break
        bytes += frame.body.length
        frames.push(frame)
      }
    }
    return frames
  }
}

/** Frames of one channel, first in first out, bounded in bytes. An empty queue takes any frame. */
class FrameQueue {
  readonly #bytesMax: number
  #frames: QueuedFrame[] = []
  #next = 0
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  push(frame: QueuedFrame): boolean {
    const bytes = frame.body.length + frameOverheadBytes
    if (this.#bytes > 0 && this.#bytes + bytes > this.#bytesMax) return false
    this.#bytes += bytes
    this.#frames.push(frame)
    return true
  }

  shift(): QueuedFrame | undefined {
    const frame = this.#frames[this.#next]
    if (!frame) return undefined
    this.#next += 1
    this.#bytes -= frame.body.length + frameOverheadBytes
    if (this.#next > 64 && this.#next * 2 > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#next)
      this.#next = 0
    }
    return frame
  }
}
