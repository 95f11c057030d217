import fc from 'fast-check'
import { equalBytes } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { readState } from '../src/state.js'
import { writeImage } from '@quorate/machine'
import { bytesOf, inChunks, Life } from './lives.js'

/** Many keys with values of both kinds, some of them large. */
function fill(life: Life, keys: number): Life {
  for (let at = 0; at < keys; at += 1) {
    const large = at % 500 === 3
    const value = large ? new Uint8Array(300_000).fill(at) : at % 3 === 0 ? Uint8Array.of(at & 255) : `value ${at}`
    life.put({ key: `key/${at}`, value })
  }
  return life
}

test('D29: a snapshot is of the moment of the call, whatever is applied while it is read', async () => {
  const life = fill(new Life(), 3_000)
  const before = await bytesOf(life.machine.snapshot())
  expect(life.machine.snapshotHoldsApply).toBe(false)
  const image = life.machine.snapshot()
  life.put({ key: 'key/0', value: 'changed before the first read' })
  const chunks: Uint8Array[] = []
  for await (const chunk of image) {
    chunks.push(chunk)
    for (let at = 0; at < 3_000; at += 7) life.put({ key: `key/${at}`, value: `changed ${chunks.length}` })
    for (let at = 1; at < 3_000; at += 11) life.delete({ key: `key/${at}` })
    life.put({ key: `new/${chunks.length}`, value: 'x' })
  }
  expect(chunks.length).toBeGreaterThan(3)
  expect(equalBytes(Buffer.concat(chunks), before)).toBe(true)
  expect(equalBytes(await bytesOf(life.machine.snapshot()), before)).toBe(false)
})

test('D29: two snapshots may be read at once, each of its own moment', async () => {
  const life = fill(new Life(), 2_500)
  const first = life.machine.snapshot()
  const expected = await bytesOf(fill(new Life(), 2_500).machine.snapshot())
  life.put({ key: 'a', value: 'x' })
  const second = life.machine.snapshot()
  life.delete({ key: 'a' })
  const [one, other] = await Promise.all([bytesOf(first), bytesOf(second)])
  expect(equalBytes(one, expected)).toBe(true)
  expect(equalBytes(one, other)).toBe(false)
})

test('D13: equal states have equal bytes, whatever their history', async () => {
  const one = new Life()
  const other = new Life()
  // The one was large once, the other never: maps of different shapes, filled with the same entries at the same revisions.
  for (let at = 0; at < 2_000; at += 1) one.put({ key: `key/${at}/once`, value: 'x' })
  for (let at = 0; at < 2_000; at += 1) one.delete({ key: `key/${at}/once` })
  for (let turn = 0; turn < 2_000; turn += 1) {
    other.put({ key: 'z', value: 'x' })
    other.delete({ key: 'z' })
  }
  for (const life of [one, other]) fill(life, 2_500)
  const bytes = await bytesOf(one.machine.snapshot())
  expect(equalBytes(await bytesOf(other.machine.snapshot()), bytes)).toBe(true)
  other.put({ key: 'key/7', value: 'y' })
  expect(equalBytes(await bytesOf(other.machine.snapshot()), bytes)).toBe(false)
})

const command = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd'),
  value: fc.option(fc.oneof(fc.string(), fc.uint8Array()), { nil: null }),
})

test('a restored member is as one that replayed everything, from wherever it was restored', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(command),
      fc.array(command),
      fc.integer({ min: 1, max: 50 }),
      async (before, after, size) => {
        const replayed = new Life()
        const restored = new Life()
        restored.put({ key: 'gone', value: 'with the state it had' })
        const run = (life: Life, commands: typeof before): void =>
          commands.forEach(({ key, value }) => (value === null ? life.delete({ key }) : life.put({ key, value })))
        run(replayed, before)
        await restored.machine.restore(inChunks(await bytesOf(replayed.machine.snapshot()), size), 1)
        run(replayed, after)
        run(restored, after)
        expect(restored.range()).toEqual(replayed.range())
        expect(await bytesOf(restored.machine.snapshot())).toEqual(await bytesOf(replayed.machine.snapshot()))
      },
    ),
  )
})

test('D29: a large state is written in small slices, by entries and by bytes, and read back', async () => {
  const many = fill(new Life(), 5_000)
  const large = new Life()
  for (let at = 0; at < 12; at += 1) large.put({ key: `large/${at}`, value: new Uint8Array(700_000).fill(at) })
  for (const life of [many, large]) {
    const chunks: Uint8Array[] = []
    for await (const chunk of life.machine.snapshot()) chunks.push(chunk)
    expect(chunks.length).toBeGreaterThan(5)
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThan(2 * 1024 * 1024)
    const other = new Life()
    await other.machine.restore(inChunks(Buffer.concat(chunks), 100_000), 1)
    expect(other.stats()).toEqual(life.stats())
    expect(equalBytes(await bytesOf(other.machine.snapshot()), Buffer.concat(chunks))).toBe(true)
  }
})

test('a state that was not restored to its end is not taken', async () => {
  const image = await bytesOf(fill(new Life(), 2_000).machine.snapshot())
  const life = new Life()
  life.put({ key: 'a', value: 'x' })
  for (const length of [0, 3, 10, 1_000, image.length - 1]) {
    await expect(life.machine.restore(inChunks(image.subarray(0, length)), 1)).rejects.toThrow(TypeError)
  }
  expect(life.range().entries).toHaveLength(1)
})

test.each([
  [[], /no list/],
  [[[]], /format undefined/],
  [['x'], /no list/],
  [[[9, 0, 0]], /format 9, and this version reads 1/],
  [[[1, 0, 1]], /announces 1 keys and holds 0/],
  [[[1, -1, 0]], /holds -1 where a whole number belongs/],
  [[[1, 0, 1], 'x'], /no list/],
  [[[1, 0, 1], [['a', 'x', 1, 1]]], /holds undefined where/],
  [[[1, 0, 1], [['a', 5, 1, 1, 1]]], /no value for "a"/],
  [[[1, 0, 1], [[5, 'x', 1, 1, 1]]], /without a key/],
])('an image that is none is refused by what is wrong with it: %j', async (parts, message) => {
  await expect(readState(writeImage(parts))).rejects.toThrow(message)
})
