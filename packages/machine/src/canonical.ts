import { compareIds } from '@quorate/contracts'
import { decodeValue, encodeValue } from './codec.js'

/** Items that one slice of a snapshot encodes before others have their turn. */
const itemsPerSlice = 2_000

/**
 * A value with the keys of every object, map and set in the order of their code units, so that equal states have equal
 * bytes however they came to be.
 */
export function canonicalValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonicalValue)
  if (value instanceof Map) {
    const entries = [...value].map(([key, each]): [unknown, unknown] => [canonicalValue(key), canonicalValue(each)])
    return new Map(entries.sort(([left], [right]) => compareIds(orderOf(left), orderOf(right))))
  }
  if (value instanceof Set) {
    return new Set([...value].map(canonicalValue).sort((left, right) => compareIds(orderOf(left), orderOf(right))))
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof Date) return value
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
    throw new TypeError(
      `a state holds plain values; a ${value.constructor.name} cannot be put into a snapshot: ` +
        'keep objects, arrays, maps, sets, bytes, or give the machine a snapshot of its own',
    )
  }
  const keys = Object.keys(value).sort(compareIds)
  return Object.fromEntries(keys.map((key) => [key, canonicalValue(Reflect.get(value, key))]))
}

/**
 * A state's canonical bytes in slices, so that no slice keeps the event loop for long: the entries of a large map or
 * object travel in groups. Each slice is a length and a MessagePack value.
 */
export async function* encodeSlices(state: unknown): AsyncGenerator<Uint8Array> {
  for (const part of partsOf(state)) {
    yield framed(encodeValue(canonicalValue(part)))
    await Promise.resolve()
  }
}

/** Inverse of {@link encodeSlices}. */
export async function decodeSlices(image: AsyncIterable<Uint8Array>): Promise<unknown> {
  let rest = new Uint8Array()
  const parts: unknown[] = []
  for await (const chunk of image) {
    const joined = new Uint8Array(rest.length + chunk.length)
    joined.set(rest)
    joined.set(chunk, rest.length)
    rest = joined
    for (;;) {
      if (rest.length < 4) break
      const length = new DataView(rest.buffer, rest.byteOffset).getUint32(0, true)
      if (rest.length < 4 + length) break
      parts.push(decodeValue(rest.slice(4, 4 + length)))
      rest = rest.slice(4 + length)
    }
  }
  if (rest.length > 0 || parts.length === 0) throw new TypeError('the image of a state ends in the middle')
  return stateOf(parts)
}

function* partsOf(state: unknown): Generator<unknown> {
  if (typeof state !== 'object' || state === null || Object.getPrototypeOf(state) !== Object.prototype) {
    yield ['whole', state]
    return
  }
  const keys = Object.keys(state).sort(compareIds)
  yield ['object', keys.length]
  for (let at = 0; at < keys.length; at += itemsPerSlice) {
    yield keys.slice(at, at + itemsPerSlice).map((key): [string, unknown] => [key, Reflect.get(state, key)])
  }
}

function stateOf([head, ...groups]: unknown[]): unknown {
  if (!Array.isArray(head)) throw new TypeError('the image of a state has no beginning')
  if (head[0] === 'whole') return head[1]
  const state: Record<string, unknown> = {}
  for (const group of groups) {
    if (!Array.isArray(group)) throw new TypeError('the image of a state has a part that is none')
    for (const pair of group) {
      if (!Array.isArray(pair) || typeof pair[0] !== 'string') throw new TypeError('the image of a state has no keys')
      state[pair[0]] = pair[1]
    }
  }
  return state
}

function framed(bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + bytes.length)
  new DataView(frame.buffer).setUint32(0, bytes.length, true)
  frame.set(bytes, 4)
  return frame
}

/** A text by which any two values of a map's keys or a set can be ordered. */
function orderOf(value: unknown): string {
  if (typeof value === 'string') return `s${value}`
  return `b${[...encodeValue(value)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
