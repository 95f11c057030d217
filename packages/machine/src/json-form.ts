import type { JsonValue } from '@quorate/contracts'
import { fromBase64, toBase64 } from './base64.js'
import { describeKind, isPlainObject } from './plain.js'

const bytesKey = '$bytes'

/**
 * A value as JSON can carry it: bytes become `{"$bytes": "<base64>"}` (decision D13), `undefined` becomes `null`, and
 * the zero below zero the plain one. Throws a `TypeError` that names the path of what JSON cannot say.
 */
export function toJson(value: unknown, path = 'the value'): JsonValue {
  return jsonOf(value, path, false)
}

/** As {@link toJson}, for what has to come back as it was: `undefined` and the zero below zero are refused as well. */
export function toExactJson(value: unknown, path = 'the value'): JsonValue {
  return jsonOf(value, path, true)
}

function jsonOf(value: unknown, path: string, isExact: boolean): JsonValue {
  if (value === null) return null
  if (isExact && (value === undefined || Object.is(value, -0))) {
    const way = value === undefined ? 'leave it out, or use null' : 'use 0'
    throw new TypeError(`${path} is ${value === undefined ? 'undefined' : '-0'}, which JSON cannot say: ${way}`)
  }
  if (value === undefined) return null
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${path} is ${value}, which JSON cannot say`)
      return value
    case 'object':
      return objectToJson(value, path, isExact)
    default:
      throw new TypeError(`${path} is ${describeKind(value)}, which JSON cannot say`)
  }
}

/** Inverse of {@link toJson}. Throws a `TypeError` for `$bytes` that are no base64. */
export function fromJson(json: JsonValue): unknown {
  if (typeof json !== 'object' || json === null) return json
  if (isArray(json)) return json.map(fromJson)
  if (isMark(json)) return bytesOf(json[bytesKey])
  return Object.fromEntries(Object.entries(json).map(([key, each]) => [key, fromJson(each)]))
}

function objectToJson(value: object, path: string, isExact: boolean): JsonValue {
  if (value instanceof Uint8Array) return { [bytesKey]: toBase64(value) }
  // Not `map`, which leaves empty places empty.
  if (Array.isArray(value)) return Array.from(value, (each: unknown, at) => jsonOf(each, `${path}[${at}]`, isExact))
  if (!isPlainObject(value)) throw new TypeError(`${path} is ${describeKind(value)}, which JSON cannot say`)
  if (isMark(value)) throw new TypeError(`${path} has the single key "${bytesKey}", which stands for bytes in JSON`)
  const entries = Object.entries(value).filter(([, each]) => isExact || each !== undefined)
  return Object.fromEntries(entries.map(([key, each]) => [key, jsonOf(each, `${path}.${key}`, isExact)]))
}

function isMark(value: object): boolean {
  const keys = Object.keys(value)
  return keys.length === 1 && keys[0] === bytesKey
}

function bytesOf(text: JsonValue | undefined): Uint8Array {
  const bytes = typeof text === 'string' ? fromBase64(text) : null
  if (bytes === null) throw new TypeError(`"${bytesKey}" must hold base64 text`)
  return bytes
}

function isArray(json: JsonValue): json is readonly JsonValue[] {
  return Array.isArray(json)
}
