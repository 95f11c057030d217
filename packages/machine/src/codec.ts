import { describeError, equalBytes } from '@quorate/contracts'
import { addExtension, Packr } from 'msgpackr/pack'
import { checkForm } from './check-form.js'
import { describeKind, isPlainObject } from './plain.js'

/** Id of this codec, as it stands in envelopes (decision D13). */
export const codecId = 'msgpack-1'

/**
 * How deep objects, arrays, maps and sets may be inside of each other. It is the same for what is written and what is read,
 * and on every machine: how deep a stack goes is not, and members must not differ in what they refuse.
 */
export const levelsMax = 200

/**
 * The same for a command or query, which is a list of its name and its input. It is lower, so that a machine can put what
 * it was given inside of what it answers.
 */
export const requestLevelsMax = 100

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
 * back as something that it was not. So does what is more than `levels` deep, such as an object that is inside of itself.
 */
export function encodeValue(value: unknown, levels = levelsMax): Uint8Array {
  const packed: Uint8Array = packr.pack(encodable(value, null, levels))
  return new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength)
}

/**
 * Reads a value. Nothing in it is shared with `bytes`: its own bytes are copies. Throws a `TypeError` for all bytes that
 * {@link encodeValue} does not write: a state that holds what they say could not be written into a snapshot, or would come
 * back as something else.
 */
export function decodeValue(bytes: Uint8Array, levels = levelsMax): unknown {
  const value = unpacked(bytes, levels)
  if (!equalBytes(encodeValue(value, levels), bytes))
    throw new TypeError('these bytes are not as this codec writes them')
  return value
}

function unpacked(bytes: Uint8Array, levels: number): unknown {
  try {
    // A map is a mark and two lists around its items, so that bytes are up to three times as deep as the value.
    checkForm(bytes, 3 * levels + 3)
    return packr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch (error) {
    throw new TypeError(`these bytes hold no value of this codec: ${describeError(error)}`, { cause: error })
  }
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

/**
 * The same value in words of MessagePack; itself, where nothing is to be said differently. `key`: where it stood; `levels`:
 * how deep it may be.
 */
function encodable(value: unknown, key: string | number | null, levels: number): unknown {
  switch (typeof value) {
    case 'number':
      if (Number.isNaN(value)) return notANumber
      return Object.is(value, -0) ? negativeZero : value
    case 'function':
    case 'symbol':
      throw refusalOf(value, key)
    case 'object':
      return value === null ? null : encodableObject(value, key, levels)
    case 'string':
      return value.isWellFormed() ? value : new Extended('utf16', [bytesOfUtf16(value)])
    case 'boolean':
    case 'bigint':
    case 'undefined':
      return value
  }
}

function encodableObject(value: object, key: string | number | null, levels: number): unknown {
  if (value instanceof Uint8Array) return value
  if (levels === 0 && !isDate(value)) {
    throw new TypeError('the value is nested too deeply, or is inside of itself: it cannot be encoded')
  }
  const inside = levels - 1
  if (Array.isArray(value)) return encodableItems(value, inside)
  if (value instanceof Map) return new Extended('map', encodableItems([...value].flat(1), inside))
  if (value instanceof Set) return new Extended('set', encodableItems([...value], inside))
  if (isPlainObject(value)) return encodableEntries(value, inside)
  if (isDate(value)) return value
  throw refusalOf(value, key)
}

function isDate(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object Date]'
}

function encodableItems(items: readonly unknown[], levels: number): readonly unknown[] {
  let changed: unknown[] | null = null
  for (let at = 0; at < items.length; at += 1) {
    checkPlace(items, at)
    const item = encodable(items[at], at, levels)
    if (Object.is(item, items[at])) continue
    changed ??= [...items]
    changed[at] = item
  }
  return changed ?? items
}

function encodableEntries(value: Readonly<Record<string, unknown>>, levels: number): object {
  let changed: Record<string, unknown> | null = null
  for (const key of Object.keys(value)) {
    checkKey(key)
    const item = encodable(value[key], key, levels)
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
