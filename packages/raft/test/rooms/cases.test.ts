import { expect, test } from 'vitest'
import { cases } from './cases.js'

test('the four rooms are tried on 100,000 random cases', () => {
  expect(Object.values(cases).reduce((sum: number, count) => sum + count, 0)).toBe(100_000)
})
