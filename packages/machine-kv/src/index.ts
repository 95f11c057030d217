/**
 * Versioned keys and values: put with compare-and-set, delete, get, range by prefix.
 *
 * @packageDocumentation
 */
import { defineMachine } from '@quorate/machine'
import { deleteKey, deleteSchema, put, putSchema } from './commands.js'
import { count, countSchema, get, getSchema, keys, range, rangeSchema, stats } from './queries.js'
import { emptyState, readState, writeState } from './state.js'

export type { Deleted, Put, VersionDiffers } from './commands.js'
export { keyBytesMax, rangeEntriesMax, valueBytesMax } from './limits.js'
export type { Entry, KeyEntry, Page, Stats } from './queries.js'

/**
 * A replicated map from keys (text) to values (text or bytes). Every command that changes something makes the next
 * revision; every key counts its own versions, for compare-and-set by `ifVersion`.
 */
export const kv = defineMachine({
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
