import fc from 'fast-check'
import { concatBytes } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { readImage, writeImage } from '../src/index.js'
import { readStateImage, writeStateImage } from '../src/state-image.js'
import { anyValue, seen } from './values.js'

async function chunksOf(image: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of image) chunks.push(chunk)
  return chunks
}

async function* inChunks(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function copyOf(state: unknown, sizes: readonly number[] = [1_000_000]): Promise<unknown> {
  return readStateImage(inChunks(concatBytes(await chunksOf(writeStateImage(state))), sizes))
}

/** States with something large at some depth, made of any smaller ones. */
const largeState = fc
  .tuple(anyValue, anyValue, fc.integer({ min: 1_000, max: 9_000 }), fc.integer({ min: 0, max: 4 }))
  .map(([one, other, length, shape]): unknown => {
    const many = Array.from({ length }, (_, at) => (at % 1_000 === 7 ? one : at))
    const large = [
      many,
      new Set(many.map((each, at) => (typeof each === 'number' ? each : at + 0.5))),
      new Map(many.map((each, at) => [`k${(at * 7_919) % length}`, each])),
      Object.fromEntries(many.map((each, at) => [`k${(at * 7_919) % length}`, each])),
      Array.from({ length: 40 }, (_, at) => new Map(many.slice(0, 400).map((each) => [at, each]))),
    ][shape]
    return {
      one,
      inner: new Map<unknown, unknown>([
        ['x', [other, large, one]],
        [1, large],
      ]),
      other,
    }
  })

test('D29: every state comes back as it was, with the order of its keys and items', async () => {
  const comesBack = async (state: unknown): Promise<void> => {
    expect(JSON.stringify(seen(await copyOf(state)))).toBe(JSON.stringify(seen(state)))
  }
  await fc.assert(fc.asyncProperty(anyValue, comesBack))
  await fc.assert(fc.asyncProperty(largeState, comesBack), { numRuns: 40 })
})

test('D29: what is large travels in small slices, however deep it lies', async () => {
  const length = 50_000
  const job = (at: number): unknown => ({ id: at, tags: new Set(['a', 'b']), note: 'x'.repeat(200) })
  const jobs = Array.from({ length }, (_, at) => job(at))
  const states = {
    map: { a: { b: { jobs: new Map(jobs.map((each, at) => [at, each])) } } },
    object: { a: [{ jobs: Object.fromEntries(jobs.map((each, at) => [`job${at}`, each])) }] },
    array: [[jobs]],
    set: new Set([new Set(jobs)]),
    crowd: Array.from(
      { length: 500 },
      (_, at) => new Map(jobs.slice(at * 100, at * 100 + 100).map((each) => [each, 1])),
    ),
  }
  for (const state of Object.values(states)) {
    const chunks = await chunksOf(writeStateImage(state))
    expect(chunks.length).toBeGreaterThan(50)
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThan(256 * 1024)
  }
})

test('an image may be cut into chunks anywhere', async () => {
  const state = { list: Array.from({ length: 6_000 }, (_, at) => `item ${at}`), bytes: new Uint8Array(40_000).fill(5) }
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1 }), async (sizes) => {
      expect(JSON.stringify(seen(await copyOf(state, sizes)))).toBe(JSON.stringify(seen(state)))
    }),
    { numRuns: 30 },
  )
  expect(await copyOf({ a: 1 }, [1])).toEqual({ a: 1 })
})

test('an image that was cut off is refused at every length', async () => {
  const bytes = concatBytes(await chunksOf(writeStateImage({ list: Array.from({ length: 5_000 }, () => 1) })))
  for (let length = 0; length < bytes.length; length += 1) {
    await expect(readStateImage(inChunks(bytes.subarray(0, length), [4_096]))).rejects.toThrow(
      /not complete|in the middle/,
    )
  }
})

test.each([
  [[['items', [1]]], /outside of any container/],
  [[['open', 'tree']], /unknown container, "tree"/],
  [
    [
      ['value', 1],
      ['value', 2],
    ],
    /not complete/,
  ],
  [
    [
      ['open', 'array'],
      ['leaf', 1],
    ],
    /unknown part, "leaf"/,
  ],
  [
    [
      ['value', 1],
      ['open', 'array'],
    ],
    /not complete/,
  ],
  [['value'], /no list/],
])('an image of another kind is refused: %j', async (parts, message) => {
  await expect(readStateImage(writeImage(parts))).rejects.toThrow(message)
})

test('a state that is inside of itself is refused, and not written for ever', async () => {
  const state: { list: unknown[] } = { list: [] }
  state.list.push({ again: state })
  await expect(chunksOf(writeStateImage(state))).rejects.toThrow(/inside of itself/)
})

test('a state may be nested deeper than a part', async () => {
  let state: unknown = 'core'
  for (let level = 0; level < 500; level += 1) state = level % 2 === 0 ? [state] : new Map([['in', state]])
  expect(seen(await copyOf(state))).toEqual(seen(state))
})

test('an image is parts, and reading it gives them back or says that it was cut off', async () => {
  const parts = [[1, 'header'], [], { a: Uint8Array.of(1) }, null]
  const readAll = async (image: AsyncIterable<Uint8Array>): Promise<unknown[]> => {
    const read: unknown[] = []
    for await (const part of readImage(image)) read.push(part)
    return read
  }
  expect(await readAll(writeImage(parts))).toEqual(parts)
  const bytes = concatBytes(await chunksOf(writeImage(parts)))
  await expect(readAll(inChunks(bytes.subarray(0, -1), [5]))).rejects.toThrow(/in the middle of a part/)
})

test('a large part in many small chunks is joined once, or this test would not come to its end', async () => {
  const large = new Uint8Array(16 * 1024 * 1024)
  const bytes = concatBytes(await chunksOf(writeImage([large])))
  async function* inTurns(): AsyncGenerator<Uint8Array> {
    let count = 0
    for await (const chunk of inChunks(bytes, [256])) {
      yield chunk
      count += 1
      if (count % 64 === 0) await new Promise(setImmediate)
    }
  }
  for await (const read of readImage(inTurns())) expect(read instanceof Uint8Array && read.length).toBe(large.length)
})

test('an empty place in a large array is refused as in a small one', async () => {
  const list = Array.from({ length: 40_000 }, (_, at) => at)
  list[40_001] = 1
  await expect(chunksOf(writeStateImage({ list }))).rejects.toThrow('an array with an empty place (at 40000)')
})
