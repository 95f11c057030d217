/**
 * Versioned keys and values: put with compare-and-set, delete, get, range by prefix.
 *
 * @packageDocumentation
 */
import type { MachineModule, Operation } from '@quorate/contracts'
import { defineMachine } from '@quorate/machine'
import type { z } from 'zod'
import { deleteKey, deleteSchema, put, putSchema, type Deleted, type Put, type VersionDiffers } from './commands.js'
import {
  count,
  countSchema,
  get,
  getSchema,
  keys,
  range,
  rangeSchema,
  stats,
  type Entry,
  type KeyEntry,
  type Page,
  type Stats,
} from './queries.js'
import { emptyState, readState, writeState } from './state.js'

export type { Deleted, Put, VersionDiffers } from './commands.js'
export { keyBytesMax, rangeEntriesMax, valueBytesMax, type KvValue } from './limits.js'
export type { Entry, KeyEntry, Page, Stats } from './queries.js'

/** Commands of {@link kv}. */
export type KvCommands = {
  readonly put: Operation<z.input<typeof putSchema>, Put | VersionDiffers>
  readonly delete: Operation<z.input<typeof deleteSchema>, Deleted | VersionDiffers>
}

/** Queries of {@link kv}. */
export type KvQueries = {
  readonly get: Operation<z.input<typeof getSchema>, Entry | null>
  readonly range: Operation<z.input<typeof rangeSchema>, Page<Entry>>
  readonly keys: Operation<z.input<typeof rangeSchema>, Page<KeyEntry>>
  readonly count: Operation<z.input<typeof countSchema>, number>
  readonly stats: Operation<void, Stats>
}

/** The type of {@link kv}, by a name that the declarations of its users can say. */
export type Kv = MachineModule<KvCommands, KvQueries>

/**
 * A replicated map from keys (text) to values (text or bytes). Every command that changes something makes the next
 * revision; every key counts its own versions, for compare-and-set by `ifVersion`.
 */
export const kv: Kv = defineMachine({
  name: 'kv',
  version: 1,
  initial: emptyState,
  commands: {
    put: { input: putSchema, apply: put },
    delete: { input: deleteSchema, apply: deleteKey },
  },
  queries: {
    get: { input: getSchema, read: get },
    range: { input: rangeSchema, read: range },
    keys: { input: rangeSchema, read: keys },
    count: { input: countSchema, read: count },
    stats: { read: stats },
  },
  snapshot: { write: writeState, read: readState },
})
