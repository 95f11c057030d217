import { z } from 'zod'
import { bytesOfValue, keySchema, prefixSchema, rangeEntriesMax, valueBytesMax } from './limits.js'
import type { KvState, Stored } from './state.js'

/** Input of `get`. */
export const getSchema = z.strictObject({ key: keySchema })

/** Input of `range` and `keys`. */
export const rangeSchema = z.strictObject({
  /** Keys that begin with it; all of them by default. */
  prefix: prefixSchema.default(''),
  /** At most so many. */
  limit: z.int().min(1).max(rangeEntriesMax).default(100),
  /** Only keys behind this one: the last one of the page before. */
  after: prefixSchema.optional(),
})

/** Input of `count`. */
export const countSchema = z.strictObject({ prefix: prefixSchema.default('') })

/** A key without its value. */
export interface KeyEntry {
  readonly key: string
  /** 1 when the key is created, and one more for every put. */
  readonly version: number
  /** Revision that created the key. */
  readonly createRevision: number
  /** Revision that changed it last. */
  readonly modRevision: number
}

/** A key and what stands under it: text if text was put, else bytes. */
export interface Entry extends KeyEntry {
  readonly value: string | Uint8Array
}

/** Some entries in the order of their keys' code units. `more`: there are others behind the last one. */
export interface Page<Each> {
  readonly entries: readonly Each[]
  readonly more: boolean
  /** Revision that it was read at: pages of the same revision belong together. */
  readonly revision: number
}

/** How much there is. */
export interface Stats {
  readonly keys: number
  readonly revision: number
}

/** Values in one answer hold at most so many bytes: any single one fits. */
const pageBytesMax = valueBytesMax

/** What stands under a key; null if there is none. */
export function get(state: KvState, { key }: z.output<typeof getSchema>): Entry | null {
  const stored = state.entries.get(key)
  return stored === undefined ? null : { key, ...stored }
}

/** Entries by the beginning of their keys, a page at a time. A page may be shorter than `limit` when values are large. */
export function range(state: KvState, input: z.output<typeof rangeSchema>): Page<Entry> {
  return pageOf(
    state,
    input,
    (key, stored) => ({ key, ...stored }),
    ({ value }) => bytesOfValue(value),
  )
}

/** As {@link range}, without values. */
export function keys(state: KvState, input: z.output<typeof rangeSchema>): Page<KeyEntry> {
  return pageOf(
    state,
    input,
    (key, { version, createRevision, modRevision }) => ({ key, version, createRevision, modRevision }),
    () => 0,
  )
}

/** How many keys begin with a prefix. Looks at each of them. */
export function count(state: KvState, { prefix }: z.output<typeof countSchema>): number {
  if (prefix === '') return state.entries.size
  let found = 0
  for (const key of state.entries.keys(prefix)) {
    if (!key.startsWith(prefix)) break
    found += 1
  }
  return found
}

/** How many keys there are, and how often something was changed. */
export function stats({ entries, revision }: KvState): Stats {
  return { keys: entries.size, revision }
}

function pageOf<Each>(
  { entries, revision }: KvState,
  { prefix, limit, after = '' }: z.output<typeof rangeSchema>,
  show: (key: string, stored: Stored) => Each,
  weigh: (stored: Stored) => number,
): Page<Each> {
  const page: Each[] = []
  let bytes = 0
  for (const [key, stored] of entries.entries(after > prefix ? after : prefix)) {
    if (!key.startsWith(prefix)) break
    if (key === after) continue
    bytes += weigh(stored)
    if (page.length === limit || bytes > pageBytesMax) return { entries: page, more: true, revision }
    page.push(show(key, stored))
  }
  return { entries: page, more: false, revision }
}
