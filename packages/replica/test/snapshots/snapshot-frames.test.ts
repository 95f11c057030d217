import { BytesError, position } from '@quorate/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { frameKind, frameReserveBytes } from '../../src/frame.js'
import {
  chunkBytesMax,
  decodeSnapshotAnswer,
  decodeSnapshotRequest,
  encodeSnapshotAnswer,
  encodeSnapshotRequest,
  type SnapshotAnswer,
} from '../../src/snapshots/snapshot-frames.js'

const chunk = {
  kind: 'chunk',
  position: position(7),
  offset: 2,
  total: 5,
  digest: Uint8Array.of(1, 2),
  bytes: Uint8Array.of(3, 4, 5),
} as const

/** What a decoder makes of bytes: a value, or the one error that it may throw. */
function outcome(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): unknown {
  try {
    return decode(bytes)
  } catch (error) {
    if (error instanceof BytesError) return error
    throw error
  }
}

test('D10: a request comes back as it was, behind its kind', () => {
  const request = { position: position(2 ** 40), offset: 2 ** 41, bytes: chunkBytesMax }
  const frame = encodeSnapshotRequest(request)
  expect(frame[0]).toBe(frameKind.snapshotRequest)
  expect(decodeSnapshotRequest(frame.subarray(frameReserveBytes))).toEqual(request)
})

test('D10: answers come back as they were, behind their kind', () => {
  const answers: SnapshotAnswer[] = [
    chunk,
    { ...chunk, offset: 0, total: 0, bytes: new Uint8Array() },
    { kind: 'gone', position: position(9) },
  ]
  for (const answer of answers) {
    const frame = encodeSnapshotAnswer(answer)
    expect(frame[0]).toBe(frameKind.snapshotChunk)
    expect(decodeSnapshotAnswer(frame.subarray(frameReserveBytes))).toEqual(answer)
  }
})

test.each([
  ['no position', { position: position(0), offset: 0, bytes: 1 }],
  ['no bytes', { position: position(1), offset: 0, bytes: 0 }],
  ['more than a chunk', { position: position(1), offset: 0, bytes: chunkBytesMax + 1 }],
])('a request for %s is none', (_what, request) => {
  expect(() => decodeSnapshotRequest(encodeSnapshotRequest(request).subarray(frameReserveBytes))).toThrow(BytesError)
})

test.each([
  ['of no position', { ...chunk, position: position(0) }],
  ['that ends behind its image', { ...chunk, offset: 3 }],
  ['that begins behind its image', { ...chunk, offset: 6, bytes: new Uint8Array() }],
  ['with an endless digest', { ...chunk, digest: new Uint8Array(65) }],
  ['that is too large', { ...chunk, total: 2 ** 30, bytes: new Uint8Array(chunkBytesMax + 1) }],
])('a chunk %s is none', (_what, answer) => {
  expect(() => decodeSnapshotAnswer(encodeSnapshotAnswer(answer).subarray(frameReserveBytes))).toThrow(BytesError)
})

test('what is cut, longer or of another kind is refused', () => {
  const request = encodeSnapshotRequest({ position: position(1), offset: 0, bytes: 1 }).subarray(frameReserveBytes)
  const answer = encodeSnapshotAnswer(chunk).subarray(frameReserveBytes)
  for (const [bytes, decode] of [
    [request, decodeSnapshotRequest],
    [answer, decodeSnapshotAnswer],
  ] as const) {
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decode(bytes.subarray(0, length))).toThrow(BytesError)
    }
    expect(() => decode(Uint8Array.of(...bytes, 0))).toThrow(BytesError)
  }
  expect(() => decodeSnapshotAnswer(Uint8Array.of(2, ...answer.subarray(1)))).toThrow(BytesError)
})

test('whatever bytes come, nothing but a BytesError is thrown', () => {
  const seed = 4711
  const mangled = fc.tuple(fc.nat(60), fc.nat(255)).map(([at, value]) => {
    const bytes = encodeSnapshotAnswer(chunk).slice(1)
    bytes[at % bytes.length] = value
    return bytes
  })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), mangled), (bytes) => {
      for (const decode of [decodeSnapshotRequest, decodeSnapshotAnswer]) outcome(decode, bytes)
    }),
    { seed, numRuns: 5_000 },
  )
})
