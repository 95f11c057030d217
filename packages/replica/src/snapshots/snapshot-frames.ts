import { ByteReader, ByteWriter, BytesError, position, type Position } from '@quorate/contracts'
import { frameKind, frameReserveBytes } from '../frame.js'

/** Bytes of an image that one frame carries at most. */
export const chunkBytesMax = 256 * 1024

const digestBytesMax = 64
const answerKinds = ['chunk', 'gone'] as const

/** Asks for `bytes` of the image at `position`, from `offset` on; at its end there may be fewer. */
export interface SnapshotRequest {
  readonly position: Position
  readonly offset: number
  readonly bytes: number
}

/** A part of an image of `total` bytes, whose digest is the one that the sender's storage has for the whole. */
export interface SnapshotChunk {
  readonly kind: 'chunk'
  readonly position: Position
  readonly offset: number
  readonly total: number
  readonly digest: Uint8Array
  readonly bytes: Uint8Array
}

/** The sender has no such image, or none any more. */
export interface SnapshotGone {
  readonly kind: 'gone'
  readonly position: Position
}

/** What a request is answered with. */
export type SnapshotAnswer = SnapshotChunk | SnapshotGone

/** Writes a request, as a frame that may leave as it is. */
export function encodeSnapshotRequest(request: SnapshotRequest): Uint8Array {
  const frame = new ByteWriter(frameReserveBytes + 20, frameReserveBytes)
    .u53(request.position)
    .u53(request.offset)
    .u32(request.bytes)
    .finish()
  frame[0] = frameKind.snapshotRequest
  return frame
}

/** Reads what follows the kind of a request's frame. Throws {@link BytesError} and nothing else. */
export function decodeSnapshotRequest(body: Uint8Array): SnapshotRequest {
  const reader = new ByteReader(body)
  const request = { position: readPosition(reader), offset: reader.u53(), bytes: reader.u32() }
  reader.end()
  if (request.bytes < 1 || request.bytes > chunkBytesMax) {
    throw new BytesError(`a request is for 1 to ${chunkBytesMax} bytes, and this one for ${request.bytes}`)
  }
  return request
}

/** Writes an answer, as a frame that may leave as it is. */
export function encodeSnapshotAnswer(answer: SnapshotAnswer): Uint8Array {
  const chunkBytes = answer.kind === 'chunk' ? answer.digest.length + answer.bytes.length + 24 : 0
  const writer = new ByteWriter(frameReserveBytes + 9 + chunkBytes, frameReserveBytes)
    .u8(answerKinds.indexOf(answer.kind))
    .u53(answer.position)
  if (answer.kind === 'chunk') writer.u53(answer.offset).u53(answer.total).bytes(answer.digest).bytes(answer.bytes)
  const frame = writer.finish()
  frame[0] = frameKind.snapshotChunk
  return frame
}

/** Reads what follows the kind of an answer's frame; bytes are views of it. Throws {@link BytesError} and nothing else. */
export function decodeSnapshotAnswer(body: Uint8Array): SnapshotAnswer {
  const reader = new ByteReader(body)
  const kind = answerKinds[reader.u8()]
  if (kind === undefined) throw new BytesError('these bytes are no answer about a snapshot')
  const answer = kind === 'gone' ? { kind, position: readPosition(reader) } : readChunk(reader)
  reader.end()
  return answer
}

function readChunk(reader: ByteReader): SnapshotChunk {
  const chunk: SnapshotChunk = {
    kind: 'chunk',
    position: readPosition(reader),
    offset: reader.u53(),
    total: reader.u53(),
    digest: reader.bytes(),
    bytes: reader.bytes(),
  }
  const { offset, total, digest, bytes } = chunk
  if (digest.length > digestBytesMax) throw new BytesError(`${digest.length} bytes are no digest`)
  if (bytes.length > chunkBytesMax)
    throw new BytesError(`a chunk has up to ${chunkBytesMax} bytes, not ${bytes.length}`)
  if (offset > total || bytes.length > total - offset) {
    throw new BytesError(`${bytes.length} bytes at ${offset} are no part of an image of ${total}`)
  }
  return chunk
}

function readPosition(reader: ByteReader): Position {
  const at = position(reader.u53())
  if (at === 0) throw new BytesError('there is no image of nothing')
  return at
}
