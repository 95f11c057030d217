import { expect, test } from 'vitest'
import { encodeFrames, FrameError, FrameReader, type FrameKind, type QueuedFrame } from '../src/frame.js'

const limit = 100_000

function readAll(chunks: readonly Buffer[]): QueuedFrame[] {
  const frames: QueuedFrame[] = []
  const reader = new FrameReader(limit, (kind, body) => frames.push({ kind, body: new Uint8Array(body) }))
  for (const chunk of chunks) reader.read(chunk)
  return frames
}

function body(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 7 + length) & 0xff)
}

const kinds: readonly FrameKind[] = ['control', 'log', 'bulk', 'ping', 'pong']
const frames: readonly QueuedFrame[] = [0, 1, 3, 40, 300, 2, 0].map((length, at) => ({
  kind: kinds[at % kinds.length] ?? 'control',
  body: body(length),
}))

test('frames come out as they went in, wherever the stream is cut in two', () => {
  const bytes = Buffer.concat(encodeFrames(frames))
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    expect(readAll([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(frames)
  }
})

test('a large frame comes out as it went in, whatever the chunks', () => {
  const bytes = Buffer.concat(encodeFrames([{ kind: 'log', body: body(limit) }]))
  for (const step of [1, 7, 1_460, 65_536, limit]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / step) }, (_, at) =>
      bytes.subarray(at * step, (at + 1) * step),
    )
    const [frame] = readAll(chunks)
    expect(Buffer.compare(frame?.body ?? new Uint8Array(), body(limit))).toBe(0)
  }
})

test('frames come out as they went in, one byte at a time', () => {
  const bytes = Buffer.concat(encodeFrames(frames))
  const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
  expect(readAll(single)).toEqual(frames)
})

test('large bodies go to the socket as they are, small ones in one piece', () => {
  const large = body(20_000)
  const small: QueuedFrame = { kind: 'log', body: body(10) }
  expect(encodeFrames([small, small, small])).toHaveLength(1)
  expect(encodeFrames([small, { kind: 'bulk', body: large }, small])[1]).toBe(large)
})

test('a frame above the limit is refused at its header, before a byte of it is there', () => {
  const header = Buffer.concat(encodeFrames([{ kind: 'log', body: new Uint8Array(limit + 1) }])).subarray(0, 5)
  expect(() => readAll([header])).toThrow(FrameError)
  expect(() => readAll([header.subarray(0, 2), header.subarray(2)])).toThrow('is above 100000')
})

test('a frame of a kind that is not known is refused', () => {
  expect(() => readAll([Buffer.from([0, 0, 0, 0, 77])])).toThrow('kind 77')
})

test('memory grows with what has arrived, not with what was announced', () => {
  const header = Buffer.concat(encodeFrames([{ kind: 'log', body: new Uint8Array(8 * 1024 * 1024) }])).subarray(0, 6)
  const before = process.memoryUsage().arrayBuffers
  const readers = Array.from({ length: 64 }, () => new FrameReader(8 * 1024 * 1024, () => {}))
  for (const reader of readers) reader.read(header)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024)
})

test('a reader that was stopped in the middle of a chunk delivers nothing more', () => {
  const seen: number[] = []
  const reader = new FrameReader(limit, (_, { length }) => {
    seen.push(length)
    reader.stop()
  })
  reader.read(Buffer.concat(encodeFrames(frames)))
  expect(seen).toEqual([0])
})
