import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeValue, encodeValue } from '../src/codec.js'
import { anyValue, seen } from './values.js'

test('D13: every value comes back as it was, its order, its bytes and its zeros included', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      expect(seen(decodeValue(encodeValue(value)))).toEqual(seen(value))
    }),
  )
})

test('D13: what was read is written as the same bytes again', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const bytes = encodeValue(value)
      expect(encodeValue(decodeValue(bytes))).toEqual(bytes)
    }),
  )
})

test.each([0, 15, 16, 31, 32, 255, 256, 65_535, 65_536])('values of size %i come back', (length) => {
  const list = Array.from({ length }, (_, at) => `k${at}`)
  for (const text of ['x'.repeat(length), 'ü'.repeat(length)]) expect(decodeValue(encodeValue(text))).toBe(text)
  const bytes = new Uint8Array(length).fill(7)
  expect(Buffer.from(decodeValue(encodeValue(bytes)) as Uint8Array).equals(bytes)).toBe(true)
  for (const value of [
    list,
    new Set(list),
    new Map(list.map((key) => [key, 1])),
    Object.fromEntries(list.map((key) => [key, 1])),
  ]) {
    const copy = decodeValue(encodeValue(value))
    expect(JSON.stringify(seen(copy))).toBe(JSON.stringify(seen(value)))
  }
})

test('what was read shares nothing with the bytes that it was read from', () => {
  const bytes = encodeValue({ bytes: Uint8Array.of(1, 2, 3), name: 'a' })
  const value = decodeValue(bytes)
  bytes.fill(0xff)
  expect(value).toEqual({ bytes: Uint8Array.of(1, 2, 3), name: 'a' })
})

test('bytes are written as bytes, whatever their class, and nothing is left at the array that was read', () => {
  const bytes = encodeValue(Buffer.from([1, 2]))
  expect([...bytes]).toEqual([0xc4, 2, 1, 2])
  expect(Object.getPrototypeOf(decodeValue(Buffer.from(bytes)))).toBe(Uint8Array.prototype)
  expect(Object.keys(bytes)).toEqual(['0', '1', '2', '3'])
})

test('what is not a number has the same bytes however a machine came to it', () => {
  const infinity = Number('Infinity')
  const made = [NaN, infinity - infinity, -(infinity - infinity), Math.sqrt(-1), Number('x')]
  const bitPatterns = new Set(made.map((value) => Buffer.from(Float64Array.of(value).buffer).toString('hex')))
  expect(bitPatterns.size, 'this machine makes more than one').toBeGreaterThan(1)
  expect(new Set(made.map((value) => Buffer.from(encodeValue({ value })).toString('hex'))).size).toBe(1)
  expect(decodeValue(encodeValue(NaN))).toBeNaN()
})

/** `[1, , 3]`. */
function sparse(): unknown[] {
  const list: unknown[] = [1]
  list[2] = 3
  return list
}

class Person {
  readonly name = 'Ada'
}

test.each([
  [{ owner: new Person() }, 'a Person cannot be encoded (at "owner")'],
  [[1, () => 1], 'a function cannot be encoded (at 1)'],
  [Symbol('s'), 'a symbol cannot be encoded: '],
  [new Map([['m', new Person()]]), 'a Person cannot be encoded'],
  [{ list: new Uint16Array(2) }, 'an Uint16Array cannot be encoded (at "list")'],
  [{ at: Promise.resolve() }, 'a Promise cannot be encoded (at "at")'],
  [new Error('x'), 'an Error cannot be encoded'],
  [JSON.parse('{"a":{"__proto__":1}}'), '"__proto__" cannot be the key of an object'],
  [{ a: { 'x\ud800': 1 } }, '"x\\ud800" cannot be the key of an object: it holds half of a surrogate pair'],
  [{ list: sparse() }, 'an array with an empty place (at 1) cannot be encoded'],
])('what would come back as something else is refused: %s', (value, message) => {
  expect(() => encodeValue(value)).toThrow(TypeError)
  expect(() => encodeValue(value)).toThrow(message)
})

test('a refusal leaves the codec as it was', () => {
  expect(() => encodeValue([1, [2, Symbol('s')]])).toThrow()
  expect(() => decodeValue(Uint8Array.of(0xdd, 0xff))).toThrow()
  expect(decodeValue(encodeValue({ a: [1] }))).toEqual({ a: [1] })
})
