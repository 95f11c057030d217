import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JsonBoundsScan, type JsonBounds } from '../src/json-bounds.js'

function scan(text: string, bounds: JsonBounds, cuts: readonly number[] = []): keyof JsonBounds | null {
  const each = new JsonBoundsScan(bounds)
  const bytes = new TextEncoder().encode(text)
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((left, right) => left - right)
  let start = 0
  for (const end of [...ends, bytes.length]) {
    const exceeded = each.take(bytes.subarray(start, end))
    if (exceeded !== null) return exceeded
    start = end
  }
  return null
}

/** Counted on what the text says, instead of on the text. */
function sizeOf(value: unknown): JsonBounds {
  if (typeof value !== 'object' || value === null) return { levelsMax: 0, valuesMax: 1 }
  const inside = Object.values(value).map(sizeOf)
  const levels = Math.max(0, ...inside.map(({ levelsMax }) => levelsMax))
  return { levelsMax: levels + 1, valuesMax: 1 + inside.reduce((sum, { valuesMax }) => sum + valuesMax, 0) }
}

test('what a text holds is counted alike however it is cut, and its strings hold nothing', () => {
  const value = fc.jsonValue({ stringUnit: fc.constantFrom('"', '\\', '[', ',', '{', 'é', '\n', 'a') })
  fc.assert(
    fc.property(value, fc.array(fc.nat()), (given, cuts) => {
      const text = JSON.stringify(given)
      const { levelsMax, valuesMax } = sizeOf(given)
      // A list counts one more than its items, as if there were always one.
      const most = 2 * valuesMax + 1
      expect(scan(text, { levelsMax, valuesMax: most }, cuts)).toBeNull()
      if (levelsMax > 0) expect(scan(text, { levelsMax: levelsMax - 1, valuesMax: most }, cuts)).toBe('levelsMax')
      const uncut = scan(text, { levelsMax, valuesMax })
      expect(scan(text, { levelsMax, valuesMax }, cuts)).toBe(uncut)
      if (valuesMax > 1) expect(scan(text, { levelsMax, valuesMax: 1 }, cuts)).toBe('valuesMax')
    }),
  )
})

test('a text is refused at the value that is too many, and not at its end', () => {
  const scan = new JsonBoundsScan({ levelsMax: 2, valuesMax: 4 })
  expect(scan.take(Buffer.from('[1,2'))).toBeNull()
  expect(scan.take(Buffer.from(',3'))).toBeNull()
  expect(scan.take(Buffer.from(','))).toBe('valuesMax')
})
