import { Packr } from 'msgpackr'

/** Id of this codec, as it stands in envelopes (decision D13). */
export const codecId = 'msgpack-1'

const packr = new Packr({ useRecords: false, moreTypes: true })

/** Writes a value: what JSON can say, and bytes, maps, sets, dates, big integers. */
export function encodeValue(value: unknown): Uint8Array {
  const packed = packr.pack(value)
  return new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength)
}

/** Reads a value. Bytes come back as plain `Uint8Array`, never as views that somebody else writes. */
export function decodeValue(bytes: Uint8Array): unknown {
  return plainBytes(packr.unpack(bytes))
}

function plainBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (Array.isArray(value)) return value.map(plainBytes)
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [plainBytes(key), plainBytes(each)]))
  if (value instanceof Set) return new Set([...value].map(plainBytes))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  for (const [key, each] of Object.entries(value)) {
    if (typeof each === 'object' && each !== null) Reflect.set(value, key, plainBytes(each))
  }
  return value
}
