import { concatBytes } from '@quorate/contracts'
import { decodeValue, encodeValue } from './codec.js'

const headerBytes = 4

/**
 * An image of a state as the bytes of its parts, one chunk a part: a length (u32, little-endian) and a MessagePack
 * value. Parts are taken as the image is read, so that a part should be what can be encoded in a few milliseconds.
 */
export async function* writeImage(parts: Iterable<unknown>): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield framed(encodeValue(part))
}

/**
 * The parts of an image, wherever its bytes were cut into chunks. Bytes are joined once a part is complete and never
 * again, so that reading takes a time in proportion to the image. Throws a `TypeError` if it ends within a part.
 */
export async function* readImage(image: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  let wantedBytes = headerBytes
  for await (const chunk of image) {
    waiting.push(chunk)
    waitingBytes += chunk.length
    if (waitingBytes < wantedBytes) continue
    const bytes = concatBytes(waiting)
    let at = 0
    while (bytes.length - at >= (wantedBytes = frameBytesAt(bytes, at))) {
      yield decodeValue(bytes.subarray(at + headerBytes, at + wantedBytes))
      at += wantedBytes
    }
    waiting = [bytes.subarray(at)]
    waitingBytes = bytes.length - at
  }
  if (waitingBytes > 0) throw new TypeError('the image of a state ends in the middle of a part')
}

/** Bytes of the frame that begins here; of its header, while that is not there. */
function frameBytesAt(bytes: Uint8Array, at: number): number {
  if (bytes.length - at < headerBytes) return headerBytes
  return headerBytes + new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0, true)
}

function framed(bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(headerBytes + bytes.length)
  new DataView(frame.buffer).setUint32(0, bytes.length, true)
  frame.set(bytes, headerBytes)
  return frame
}
