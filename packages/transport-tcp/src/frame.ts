import { channels, type Channel } from '@quorate/contracts'
import { Gathering } from './gathering.js'

/** Length of the body (u32, little-endian) and where it belongs (u8). */
export const frameHeaderBytes = 5

/** Frames above this go to the socket as they are; smaller ones are copied into one write. */
const copiedBytesMax = 8 * 1024

/** What a frame is for: a channel of the host, or the transport's own question and answer about being alive. */
export type FrameKind = Channel | 'ping' | 'pong'

const kinds: readonly (FrameKind | undefined)[] = [...channels, 'ping', 'pong']

/** The other side broke the rules of the wire; the connection cannot go on. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}

/** A frame that waits to be written. */
export interface QueuedFrame {
  readonly kind: FrameKind
  readonly body: Uint8Array
}

/** The bytes of frames, in as few pieces as can be without copying large bodies. */
export function encodeFrames(frames: readonly QueuedFrame[]): Uint8Array[] {
  let slabBytes = 0
  for (const { body } of frames) slabBytes += frameHeaderBytes + (body.length > copiedBytesMax ? 0 : body.length)
  const slab = Buffer.allocUnsafe(slabBytes)
  const pieces: Uint8Array[] = []
  let from = 0
  let at = 0
  for (const { kind, body } of frames) {
    slab.writeUInt32LE(body.length, at)
    slab.writeUInt8(kinds.indexOf(kind), at + 4)
    at += frameHeaderBytes
    if (body.length > copiedBytesMax) {
      pieces.push(slab.subarray(from, at), body)
      from = at
    } else {
      slab.set(body, at)
      at += body.length
    }
  }
  if (at > from) pieces.push(slab.subarray(from, at))
  return pieces
}

/**
 * Cuts a stream of bytes into frames. A frame that lies within one chunk is a view of it (Node.js reads every chunk
 * into memory of its own and never writes there again); others are gathered.
 */
export class FrameReader {
  readonly #bytesMax: number
  readonly #onFrame: (kind: FrameKind, body: Uint8Array) => void
  #header: Gathering | undefined
  #body: Gathering | undefined
  #kind: FrameKind = 'control'
  #stopped = false

  constructor(bytesMax: number, onFrame: (kind: FrameKind, body: Uint8Array) => void) {
    this.#bytesMax = bytesMax
    this.#onFrame = onFrame
  }

  /** Ends reading, also in the middle of a chunk. */
  stop(): void {
    this.#stopped = true
  }

  /** Takes bytes as they arrive. Throws {@link FrameError}. */
  read(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length && !this.#stopped) {
      if (this.#body) at = this.#goOn(this.#body, chunk, at)
      else if (this.#header || chunk.length - at < frameHeaderBytes) at = this.#gatherHeader(chunk, at)
      else at = this.#open(chunk.readUInt32LE(at), chunk.readUInt8(at + 4), chunk, at + frameHeaderBytes)
    }
  }

  #gatherHeader(chunk: Buffer, at: number): number {
    this.#header ??= new Gathering(frameHeaderBytes)
    const next = at + this.#header.take(chunk, at)
    if (!this.#header.isComplete) return next
    const header = Buffer.from(this.#header.bytes)
    this.#header = undefined
    return this.#open(header.readUInt32LE(0), header.readUInt8(4), chunk, next)
  }

  /** A header has been read and its body begins at `at`. Checked before anything is allocated. */
  #open(length: number, code: number, chunk: Buffer, at: number): number {
    const kind = kinds[code]
    if (kind === undefined) throw new FrameError(`a frame of kind ${code} is not known`)
    if (length > this.#bytesMax) throw new FrameError(`a frame of ${length} bytes is above ${this.#bytesMax}`)
    if (chunk.length - at >= length) {
      this.#onFrame(kind, new Uint8Array(chunk.buffer, chunk.byteOffset + at, length))
      return at + length
    }
    this.#kind = kind
    this.#body = new Gathering(length)
    return at
  }

  #goOn(body: Gathering, chunk: Buffer, at: number): number {
    const next = at + body.take(chunk, at)
    if (body.isComplete) {
      this.#body = undefined
      this.#onFrame(this.#kind, body.bytes)
    }
    return next
  }
}
