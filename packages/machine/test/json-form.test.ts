import type { JsonValue } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { fromJson, toJson } from '../src/index.js'

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
