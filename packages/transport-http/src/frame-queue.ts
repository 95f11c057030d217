/** What a frame costs beside its bytes, so that empty frames are bounded too. */
const frameOverheadBytes = 64

/** Frames that wait for one channel, first in first out, bounded in bytes. An empty queue takes any frame. */
export class FrameQueue {
  readonly #bytesMax: number
  #frames: Uint8Array[] = []
  #next = 0
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Takes the frame, or refuses it because the queue is full. */
  push(frame: Uint8Array): boolean {
    const bytes = frame.length + frameOverheadBytes
    if (this.#bytes > 0 && this.#bytes + bytes > this.#bytesMax) return false
    this.#bytes += bytes
    this.#frames.push(frame)
    return true
  }

  /** Hands out what waited longest: about `bytes` of it, at least one frame if there is one. */
  take(bytes: number): Uint8Array[] {
    const first = this.#next
    let taken = 0
    while (taken < bytes) {
      const frame = this.#frames[this.#next]
      if (!frame) break
      this.#next += 1
      taken += frame.length + frameOverheadBytes
    }
    this.#bytes -= taken
    const frames = this.#frames.slice(first, this.#next)
    if (this.#next * 2 > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#next)
      this.#next = 0
    }
    return frames
  }
}
