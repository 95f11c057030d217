import type { JsonValue } from '@quorate/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromJson, toExactJson, toJson } from '../src/index.js'

test('D13: over HTTP bytes are {"$bytes": base64}', () => {
  const value = { key: 'a', value: Uint8Array.of(1, 2, 255), list: [true, null, 1.5] }
  const json = toJson(value)
  expect(json).toEqual({ key: 'a', value: { $bytes: 'AQL/' }, list: [true, null, 1.5] })
  expect(fromJson(JSON.parse(JSON.stringify(json)) as JsonValue)).toEqual(value)
})

test('D13: what is no base64 is refused, and what JSON cannot say is named', () => {
  expect(() => fromJson({ $bytes: 'A' })).toThrow(/base64/)
  expect(() => fromJson({ $bytes: 5 })).toThrow(/base64/)
  expect(() => toJson({ a: [1, 10n] })).toThrow('the value.a[1] is a bigint')
  expect(() => toJson(NaN)).toThrow(/JSON cannot say/)
})

test('D13: what JSON would read back as something else is refused by its path', () => {
  class Person {}
  expect(() => toJson({ note: { $bytes: 'AQL/' } })).toThrow('the value.note has the single key "$bytes"')
  expect(toJson({ note: { $bytes: 'AQL/', more: 1 } })).toEqual({ note: { $bytes: 'AQL/', more: 1 } })
  expect(() => toJson({ list: [new Map()] })).toThrow('the value.list[0] is a Map')
  expect(() => toJson(new Person(), 'the result')).toThrow('the result is a Person')
  expect(() => toJson({ run: () => 1 })).toThrow('the value.run is a function')
})

test('what JSON would change is refused by its path where it has to come back, and said otherwise where it is only shown', () => {
  const list: unknown[] = []
  list[1] = 2
  for (const [value, path, shown] of [
    [{ a: { b: undefined } }, 'the input.a.b is undefined', '{"a":{}}'],
    [[1, undefined], 'the input[1] is undefined', '[1,null]'],
    [list, 'the input[0] is undefined', '[null,2]'],
    [{ a: [-0] }, 'the input.a[0] is -0', '{"a":[0]}'],
    [undefined, 'the input is undefined', 'null'],
  ] as const) {
    expect(() => toExactJson(value, 'the input')).toThrow(path)
    expect(JSON.stringify(toJson(value))).toBe(shown)
  }
})

test('D13: values that JSON can say come back, bytes at any depth', () => {
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      // What JSON makes of it: it knows one zero.
      fc.jsonValue({ maxDepth: 1 }).map((each) => JSON.parse(JSON.stringify(each)) as unknown),
      fc.uint8Array(),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).value
  fc.assert(
    fc.property(value, (each) => {
      expect(fromJson(JSON.parse(JSON.stringify(toJson(each))) as JsonValue)).toEqual(each)
    }),
  )
})
