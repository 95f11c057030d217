import type { JsonValue } from '@quorate/contracts'

const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * A value as JSON can carry it: bytes become `{"$bytes": "<base64>"}` (decision D13), `undefined` becomes `null`. Throws
 * a `TypeError` that names the path of what JSON cannot say.
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
      throw new TypeError(`${path} is a ${typeof value}, which JSON cannot say`)
  }
}

/** Inverse of {@link toJson}. Throws a `TypeError` for `$bytes` that are no base64. */
export function fromJson(json: JsonValue): unknown {
  if (typeof json !== 'object' || json === null) return json
  if (isArray(json)) return json.map(fromJson)
  const keys = Object.keys(json)
  if (keys.length === 1 && keys[0] === '$bytes') return bytesOf(json['$bytes'])
  return Object.fromEntries(Object.entries(json).map(([key, each]) => [key, fromJson(each)]))
}

function objectToJson(value: object, path: string): JsonValue {
  if (value instanceof Uint8Array) {
    return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') }
  }
  if (Array.isArray(value)) return value.map((each, at) => toJson(each, `${path}[${at}]`))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`${path} is a ${value.constructor.name}, which JSON cannot say`)
  }
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(entries.map(([key, each]) => [key, toJson(each, `${path}.${key}`)]))
}

function bytesOf(text: JsonValue | undefined): Uint8Array {
  if (typeof text !== 'string' || !base64Pattern.test(text)) throw new TypeError('$bytes must hold base64 text')
  return new Uint8Array(Buffer.from(text, 'base64'))
}

function isArray(json: JsonValue): json is readonly JsonValue[] {
  return Array.isArray(json)
}
