import { z } from 'zod'
import { keySchema, valueSchema } from './limits.js'
import type { KvState } from './state.js'

const ifVersionSchema = z.int().min(0).optional()

/** Input of `put`. */
export const putSchema = z.strictObject({
  key: keySchema,
  value: valueSchema,
  /** Only if the key has this version; 0: only if there is no such key. */
  ifVersion: ifVersionSchema,
})

/** Input of `delete`. */
export const deleteSchema = z.strictObject({
  key: keySchema,
  /** Only if the key has this version; 0: only if there is no such key. */
  ifVersion: ifVersionSchema,
})

/** It was not done: the key has another version than `ifVersion` said. 0: there is no such key. */
export interface VersionDiffers {
  readonly ok: false
  readonly version: number
}

/** The value stands, under this version of the key. */
export interface Put {
  readonly ok: true
  readonly version: number
  readonly revision: number
}

/** There is no such key any more. */
export interface Deleted {
  readonly ok: true
  /** False if there was none before either: then nothing changed. */
  readonly deleted: boolean
  readonly revision: number
}

/** Writes a value under a key, new or not. */
export function put(state: KvState, { key, value, ifVersion }: z.output<typeof putSchema>): Put | VersionDiffers {
  const before = state.entries.get(key)
  const version = before?.version ?? 0
  if (ifVersion !== undefined && ifVersion !== version) return { ok: false, version }
  state.revision += 1
  state.entries.set(key, {
    value,
    version: version + 1,
    createRevision: before?.createRevision ?? state.revision,
    modRevision: state.revision,
  })
  return { ok: true, version: version + 1, revision: state.revision }
}

/** Removes a key. One that is not there is no failure, and changes nothing. */
export function deleteKey(state: KvState, { key, ifVersion }: z.output<typeof deleteSchema>): Deleted | VersionDiffers {
  const version = state.entries.get(key)?.version ?? 0
  if (ifVersion !== undefined && ifVersion !== version) return { ok: false, version }
  const deleted = state.entries.delete(key)
  if (deleted) state.revision += 1
  return { ok: true, deleted, revision: state.revision }
}
