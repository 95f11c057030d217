import { addExtension, Packr } from 'msgpackr'
import { describeKind, isPlainObject } from './plain.js'

/** Id of this codec, as it stands in envelopes (decision D13). */
export const codecId = 'msgpack-1'

const packr = new Packr({
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  useBigIntExtension: true,
  useToJSON: false,
  copyBuffers: true,
})

/**
 * What MessagePack has no word for: its maps are our objects, its numbers know one zero, its text is UTF-8, which has none
 * for half of a surrogate pair, and "not a number" has many bit patterns there, of which a machine may make any.
 */
class Extended {
  readonly kind: 'map' | 'set' | 'negativeZero' | 'notANumber' | 'utf16'
  readonly items: readonly unknown[]

  constructor(kind: Extended['kind'], items: readonly unknown[]) {
    this.kind = kind
    this.items = items
  }
}

addExtension({
  Class: Extended,
  type: 0x51,
  write: ({ kind, items }: Extended) => [kind, items],
  read: readExtended,
})

const negativeZero = new Extended('negativeZero', [])
const notANumber = new Extended('notANumber', [])

/**
 * Writes a value: what JSON can say, `undefined`, bytes, maps, sets, dates and big integers. The order of keys and items
 * is kept, so that who reads the value iterates as who wrote it. Throws a `TypeError` for anything else: it would come
 * back as something that it was not.
 */
export function encodeValue(value: unknown): Uint8Array {
  const packed: Uint8Array = packr.pack(encodable(value, null))
  return new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength)
}

/** Reads a value. Nothing in it is shared with `bytes`: its own bytes are copies. Throws for what is no such value. */
export function decodeValue(bytes: Uint8Array): unknown {
  return packr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}

/**
 * Refuses keys of an object that would not come back: assigning to `__proto__` changes what the object inherits, and
 * half of a surrogate pair is not told in UTF-8.
 */
export function checkKey(key: string): void {
  if (key === '__proto__') throw new TypeError('"__proto__" cannot be the key of an object: use a map')
  if (key.isWellFormed()) return
  throw new TypeError(
    `${JSON.stringify(key)} cannot be the key of an object: it holds half of a surrogate pair. Use a map`,
  )
}

/** Refuses an empty place in an array, which would come back as `undefined`: a loop that skips it would not any more. */
export function checkPlace(items: readonly unknown[], at: number): void {
  if (items[at] !== undefined || at in items) return
  throw new TypeError(`an array with an empty place (at ${at}) cannot be encoded: put null there, or use a map`)
}

/** The same value in words of MessagePack; itself, where nothing is to be said differently. `key`: where it stood. */
function encodable(value: unknown, key: string | number | null): unknown {
  switch (typeof value) {
    case 'number':
      if (Number.isNaN(value)) return notANumber
      return Object.is(value, -0) ? negativeZero : value
    case 'function':
    case 'symbol':
      throw refusalOf(value, key)
    case 'object':
      return value === null ? null : encodableObject(value, key)
    case 'string':
      return value.isWellFormed() ? value : new Extended('utf16', [bytesOfUtf16(value)])
    case 'boolean':
    case 'bigint':
    case 'undefined':
      return value
  }
}

function encodableObject(value: object, key: string | number | null): unknown {
  if (value instanceof Uint8Array) return value
  if (Array.isArray(value)) return encodableItems(value)
  if (value instanceof Map) return new Extended('map', encodableItems([...value].flat(1)))
  if (value instanceof Set) return new Extended('set', encodableItems([...value]))
  if (isPlainObject(value)) return encodableEntries(value)
  if (Object.prototype.toString.call(value) === '[object Date]') return value
  throw refusalOf(value, key)
}

function encodableItems(items: readonly unknown[]): readonly unknown[] {
  let changed: unknown[] | null = null
  for (let at = 0; at < items.length; at += 1) {
    checkPlace(items, at)
    const item = encodable(items[at], at)
    if (Object.is(item, items[at])) continue
    changed ??= [...items]
    changed[at] = item
  }
  return changed ?? items
}

function encodableEntries(value: Readonly<Record<string, unknown>>): object {
  let changed: Record<string, unknown> | null = null
  for (const key of Object.keys(value)) {
    checkKey(key)
    const item = encodable(value[key], key)
    if (Object.is(item, value[key])) continue
    changed ??= { ...value }
    changed[key] = item
  }
  return changed ?? value
}

function refusalOf(value: unknown, key: string | number | null): TypeError {
  const where = key === null ? '' : ` (at ${JSON.stringify(key)})`
  return new TypeError(
    `${describeKind(value)} cannot be encoded${where}: ` +
      'use text, numbers, booleans, null, objects, arrays, bytes, maps, sets, dates or big integers',
  )
}

function readExtended(content: unknown): unknown {
  const [kind, items]: readonly unknown[] = Array.isArray(content) ? (content as unknown[]) : []
  if (kind === 'negativeZero') return -0
  if (kind === 'notANumber') return NaN
  if (!Array.isArray(items)) throw new TypeError('these bytes hold an extension of another codec')
  if (kind === 'utf16') return textOfUtf16(items[0])
  if (kind === 'set') return new Set<unknown>(items)
  const map = new Map<unknown, unknown>()
  for (let at = 0; at < items.length; at += 2) map.set(items[at], items[at + 1])
  return map
}

/** Text as its code units, two bytes each, the lower one first. */
function bytesOfUtf16(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < text.length; at += 1) view.setUint16(at * 2, text.charCodeAt(at), true)
  return bytes
}

function textOfUtf16(bytes: unknown): string {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('these bytes hold an extension of another codec')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let text = ''
  for (let at = 0; at + 1 < bytes.length; at += 2) text += String.fromCharCode(view.getUint16(at, true))
  return text
}
