import type { LogIndex, Term } from './units.js'

/** What an entry holds: a caller's command, a configuration, or nothing (a new leader's first entry, §8). */
export type EntryKind = 'command' | 'membership' | 'noop'

/** One entry of the log. `data` is immutable, and may be a view of a larger buffer that nobody writes again. */
export interface Entry {
  readonly index: LogIndex
  readonly term: Term
  readonly kind: EntryKind
  readonly data: Uint8Array
}

/** The name of an entry: two logs that hold an entry of this name hold the same entries up to it (Log Matching, §5.3). */
export interface EntryId {
  readonly index: LogIndex
  readonly term: Term
}

/** Bytes that an entry takes in a message or record, beside its data. */
export const entryOverheadBytes = 8 + 1 + 4

/** Bytes that an entry takes in a message or record. Every limit in bytes counts these, so that empty ones count too. */
export function sizeOfEntry(entry: Entry): number {
  return entryOverheadBytes + entry.data.length
}
