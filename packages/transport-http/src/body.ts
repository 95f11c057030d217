/** What stands before each frame of a body: its length (u32, little-endian). */
export const frameHeaderBytes = 4

/** Frames above this go to the socket as they are; smaller ones are copied into one write. */
const copiedBytesMax = 8 * 1024

/** The other side broke the rules of the wire; the link cannot go on. */
export class BodyError extends Error {
  override readonly name = 'BodyError'
}

/** The bytes of frames, in as few pieces as can be without copying large ones. */
export function encodeBody(frames: readonly Uint8Array[]): Uint8Array[] {
  let slabBytes = 0
  for (const frame of frames) slabBytes += frameHeaderBytes + (frame.length > copiedBytesMax ? 0 : frame.length)
  const slab = Buffer.allocUnsafe(slabBytes)
  const pieces: Uint8Array[] = []
  let from = 0
  let at = 0
  for (const frame of frames) {
    at = slab.writeUInt32LE(frame.length, at)
    if (frame.length > copiedBytesMax) {
      pieces.push(slab.subarray(from, at), frame)
      from = at
    } else {
      slab.set(frame, at)
      at += frame.length
    }
  }
  if (at > from) pieces.push(slab.subarray(from, at))
  return pieces
}

/**
 * Hands out the frames of a body as views of it: all of them, or none. Throws {@link BodyError}, before the first one.
 */
export function readBody(body: Uint8Array, frameBytesMax: number, onFrame: (frame: Uint8Array) => void): void {
  for (const [at, length] of placesOf(body)) {
    if (length > frameBytesMax) throw new BodyError(`a frame of ${length} bytes is above ${frameBytesMax}`)
    const missing = at + length - body.length
    if (missing > 0) throw new BodyError(`a body ends ${missing} bytes before its last frame does`)
  }
  for (const [at, length] of placesOf(body)) onFrame(body.subarray(at, at + length))
}

/** Where frames begin, and how long they say that they are. A list of them could be larger than the body. */
function* placesOf(body: Uint8Array): Generator<readonly [at: number, length: number]> {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  let at = 0
  while (at < body.length) {
    if (body.length - at < frameHeaderBytes) throw new BodyError('a body ends within the length of a frame')
    const length = view.getUint32(at, true)
    at += frameHeaderBytes
    yield [at, length]
    at += length
  }
}
