import type { JsonValue } from '@quorate/contracts'
import { fromBase64, toBase64 } from './base64.js'
import { describeKind, isPlainObject } from './plain.js'

const bytesKey = '$bytes'

/**
 * A value as JSON can carry it: bytes become `{"$bytes": "<base64>"}` (decision D13), `undefined` becomes `null`, and
 * the zero below zero the plain one. Throws a `TypeError` that names the path of what JSON cannot say.
 */
export function toJson(value: unknown, path = 'the value'): JsonValue {
  if (value === null || value === undefined) return null
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${path} is ${value}, which JSON cannot say`)
      return value
    case 'object':
      return objectToJson(value, path)
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

function objectToJson(value: object, path: string): JsonValue {
  if (value instanceof Uint8Array) return { [bytesKey]: toBase64(value) }
  if (Array.isArray(value)) return value.map((each, at) => toJson(each, `${path}[${at}]`))
  if (!isPlainObject(value)) throw new TypeError(`${path} is ${describeKind(value)}, which JSON cannot say`)
  if (isMark(value)) throw new TypeError(`${path} has the single key "${bytesKey}", which stands for bytes in JSON`)
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(entries.map(([key, each]) => [key, toJson(each, `${path}.${key}`)]))
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
