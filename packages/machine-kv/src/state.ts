import { readImage, writeImage } from '@quorate/machine'
import { bytesOfValue } from './limits.js'
import { sortedMap, type SortedMap } from './sorted-map.js'

/** What stands under a key. Replaced by a change, never changed itself: copies of the map share it. */
export interface Stored {
  readonly value: string | Uint8Array
  /** 1 when the key is created, and one more for every put. */
  readonly version: number
  /** Revision that created the key. */
  readonly createRevision: number
  /** Revision that changed it last. */
  readonly modRevision: number
}

/** Everything that is replicated. */
export interface KvState {
  /** How many commands have changed something. */
  revision: number
  entries: SortedMap<Stored>
}

const imageFormat = 1
const groupEntriesMax = 1_000
const groupBytesMax = 1024 * 1024

/** No keys, at revision 0. */
export function emptyState(): KvState {
  return { revision: 0, entries: sortedMap() }
}

/**
 * The state at the call, whatever is applied while it is read: the map is cloned, which takes no time, and what changes
 * later is copied first. Entries travel in the order of their keys and the bounds of groups follow from them alone, so
 * that equal states have equal bytes.
 */
export function writeState({ revision, entries }: KvState): AsyncIterable<Uint8Array> {
  return writeImage(partsOf(revision, entries.clone()))
}

/** Inverse of {@link writeState}. Throws a `TypeError` for an image that is none. */
export async function readState(image: AsyncIterable<Uint8Array>): Promise<KvState> {
  const parts = readImage(image)
  const { revision, keys } = headerOf((await parts.next()).value)
  const entries = sortedMap<Stored>()
  for await (const group of parts) {
    for (const entry of listOf(group)) {
      const { key, stored } = entryOf(entry)
      entries.set(key, stored)
    }
  }
  if (entries.size !== keys) {
    throw new TypeError(`the image of a key-value state announces ${keys} keys and holds ${entries.size}`)
  }
  return { revision, entries }
}

function* partsOf(revision: number, entries: SortedMap<Stored>): Generator<unknown> {
  yield [imageFormat, revision, entries.size]
  let group: unknown[] = []
  let bytes = 0
  for (const [key, { value, version, createRevision, modRevision }] of entries.entries()) {
    group.push([key, value, version, createRevision, modRevision])
    bytes += bytesOfValue(value)
    if (group.length < groupEntriesMax && bytes < groupBytesMax) continue
    yield group
    group = []
    bytes = 0
  }
  if (group.length > 0) yield group
}

function headerOf(part: unknown): { readonly revision: number; readonly keys: number } {
  const [format, revision, keys] = listOf(part)
  if (format !== imageFormat) {
    throw new TypeError(
      `the image of a key-value state has format ${String(format)}, and this version reads ${imageFormat}`,
    )
  }
  return { revision: numberOf(revision), keys: numberOf(keys) }
}

function entryOf(entry: unknown): { readonly key: string; readonly stored: Stored } {
  const [key, value, version, createRevision, modRevision] = listOf(entry)
  if (typeof key !== 'string') throw new TypeError('the image of a key-value state holds an entry without a key')
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
    throw new TypeError(`the image of a key-value state holds no value for "${key}"`)
  }
  const numbers = {
    version: numberOf(version),
    createRevision: numberOf(createRevision),
    modRevision: numberOf(modRevision),
  }
  return { key, stored: { value, ...numbers } }
}

function listOf(part: unknown): readonly unknown[] {
  if (Array.isArray(part)) return part
  throw new TypeError('the image of a key-value state holds a part that is no list')
}

function numberOf(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new TypeError(`the image of a key-value state holds ${String(value)} where a whole number belongs`)
}
