import type { Entry } from './entry.js'
import type { EntriesRecord } from './record.js'
import { logIndex, type LogIndex } from './units.js'
import { encodeRecord } from './wire/record-codec.js'

/**
 * Entries in a row, and the record that holds them, which is written once: a leader records it and sends it to every
 * follower, and a follower records what it was sent.
 */
export class EntriesRun implements EntriesRecord {
  readonly kind = 'entries'
  readonly firstIndex: LogIndex
  readonly entries: readonly Entry[]
  #record: Uint8Array | null

  /** `record` holds these entries and nothing else, if it is known already. Neither ever changes. */
  constructor(firstIndex: LogIndex, entries: readonly Entry[], record: Uint8Array | null = null) {
    this.firstIndex = firstIndex
    this.entries = entries
    this.#record = record
  }

  get record(): Uint8Array {
    this.#record ??= encodeRecord(this)
    return this.#record
  }

  /** These entries without the first ones. */
  from(at: number): EntriesRun {
    return at === 0 ? this : new EntriesRun(logIndex(this.firstIndex + at), this.entries.slice(at))
  }
}
