import { expect, test } from 'vitest'
import { slicesOf } from '../../src/snapshots/slices.js'
import { inChunks, noise, whole } from './places.js'

test.each([
  [[], 25],
  [[1, 2, 3, 4, 5], 25],
  [[10, 10], 30],
  [[0, 0, 9, 0, 1], 10],
  [[3, 24], 27],
  [[], 0],
])('chunks of %j come out in slices of ten, with every byte of %i', async (sizes, length) => {
  const bytes = noise(length)
  const lengths: number[] = []
  for await (const slice of slicesOf(inChunks(bytes, sizes), 10)) lengths.push(slice.length)
  expect(lengths.slice(0, -1).every((each) => each === 10)).toBe(true)
  expect(Math.min(...lengths, 1)).toBe(1)
  expect(await whole(slicesOf(inChunks(bytes, sizes), 10))).toEqual(bytes)
})
