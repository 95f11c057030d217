import { concatBytes, equalBytes, seededRandom } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { ChunkWindow, type WantedPart } from '../../src/snapshots/chunk-window.js'
import { noise } from './places.js'

const offsetsOf = (parts: readonly WantedPart[]): number[] => parts.map(({ offset }) => offset)

/** A window on an image of so many bytes, after its first part has come. */
function windowOn(total: number): ChunkWindow {
  const window = new ChunkWindow(10, 4)
  expect(offsetsOf(window.takeWanted())).toEqual([0])
  expect(window.takeWanted()).toEqual([])
  window.announce(total)
  expect(window.arrive(0, new Uint8Array(10))).toBe('taken')
  window.takeNext()
  return window
}

test('one part is asked for until the length is known, and then as many as it may', () => {
  const window = windowOn(100)
  expect(offsetsOf(window.takeWanted())).toEqual([10, 20, 30, 40])
  expect(window.takeWanted()).toEqual([])
})

test('what came out of order waits, and takes room', () => {
  const window = windowOn(100)
  window.takeWanted()
  expect(window.arrive(20, new Uint8Array(10).fill(2))).toBe('taken')
  expect(window.takeNext()).toBeNull()
  expect(offsetsOf(window.takeWanted())).toEqual([10])
  expect(window.arrive(10, new Uint8Array(10).fill(1))).toBe('taken')
  expect(window.takeNext()?.[0]).toBe(1)
  expect(window.takeNext()?.[0]).toBe(2)
  expect(window.takeNext()).toBeNull()
})

test('what was asked for before an answer is lost when that answer comes', () => {
  const window = windowOn(100)
  window.takeWanted()
  window.arrive(30, new Uint8Array(10))
  expect(offsetsOf(window.takeWanted())).toEqual([10, 20])
  // Asked for anew, 10 and 20 now stand behind 40: its answer says nothing about them.
  window.arrive(40, new Uint8Array(10))
  expect(window.takeWanted()).toEqual([])
})

test('a part that was given up is welcome all the same, once', () => {
  const window = windowOn(100)
  window.takeWanted()
  window.loseAll()
  expect(window.arrive(10, new Uint8Array(10))).toBe('taken')
  expect(window.arrive(10, new Uint8Array(10))).toBe('unwanted')
  expect(window.arrive(90, new Uint8Array(10))).toBe('unwanted')
  expect(offsetsOf(window.takeWanted())).toEqual([20, 30, 40])
})

test('a part of the wrong length is told', () => {
  const window = windowOn(25)
  expect(offsetsOf(window.takeWanted())).toEqual([10, 20])
  expect(window.arrive(10, new Uint8Array(9))).toBe('wrong')
  expect(window.arrive(20, new Uint8Array(10))).toBe('wrong')
  expect(window.arrive(20, new Uint8Array(5))).toBe('taken')
})

test('an image without bytes is one empty part', () => {
  const window = new ChunkWindow(10, 4)
  window.takeWanted()
  expect(window.isComplete).toBe(false)
  window.announce(0)
  expect(window.isComplete).toBe(false)
  expect(window.arrive(0, new Uint8Array())).toBe('taken')
  expect(window.takeNext()).toBeNull()
  expect(window.isComplete).toBe(true)
})

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'seed %i: however parts are lost and doubled, the image comes out whole',
  (seed) => {
    const random = seededRandom(seed)
    const image = noise(1 + random.nextInt(400), seed)
    const window = new ChunkWindow(10, 4)
    const out: Uint8Array[] = []
    const onTheWay: WantedPart[] = []
    for (let step = 0; !window.isComplete; step += 1) {
      expect(step).toBeLessThan(10_000)
      for (const part of window.takeWanted()) {
        for (let copies = random.nextInt(3); copies > 0; copies -= 1) onTheWay.push(part)
      }
      const next = onTheWay.shift()
      if (next) {
        window.announce(image.length)
        window.arrive(next.offset, image.slice(next.offset, next.offset + next.bytes))
      } else window.loseFirst()
      while (random.nextInt(3) > 0) {
        const part = window.takeNext()
        if (!part) break
        out.push(part)
      }
    }
    expect(equalBytes(concatBytes(out), image)).toBe(true)
  },
)
