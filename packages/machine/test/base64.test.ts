import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromBase64, toBase64 } from '../src/base64.js'

test('D13: base64 is what Node.js writes, and is read back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = toBase64(bytes)
      expect(text).toBe(Buffer.from(bytes).toString('base64'))
      expect(fromBase64(text)).toEqual(bytes)
    }),
  )
  const large = Uint8Array.from({ length: 100_001 }, (_, at) => (at * 31) % 251)
  expect(toBase64(large)).toBe(Buffer.from(large).toString('base64'))
  expect(fromBase64(toBase64(large))).toEqual(large)
})

test('D13: text that no bytes have is refused', () => {
  for (const text of [
    'A',
    'AA',
    'AAA',
    '====',
    'A===',
    'AB==',
    'AAB=',
    'AA=A',
    'AA-_',
    ' AAA',
    'AAA\n',
    'ÄAAA',
    'AA==AA==',
  ]) {
    expect(fromBase64(text), text).toBeNull()
  }
  expect(fromBase64('')).toEqual(new Uint8Array())
})
