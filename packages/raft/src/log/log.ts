import { assert, type Token } from '@quorate/contracts'
import { entryOverheadBytes, type Entry, type EntryId } from '../entry.js'
import { logIndex, term, type LogIndex, type Term } from '../units.js'

/**
 * The live window of a member's log: everything behind `base`, the last entry that a snapshot stands for.
 *
 * Every entry remembers the sequence of the record that made it durable, and `persistedIndex` advances only while the
 * next entry's record is covered. So an entry that was truncated and appended again is not taken for durable because
 * its first record was: that record was undone by the truncation (the ABA race of asynchronous writes).
 *
 *   base.index ≤ persistedIndex ≤ lastIndex
 */
export class Log {
  #base: EntryId = { index: logIndex(0), term: term(0) }
  readonly #entries: Entry[] = []
  readonly #sequences: number[] = []
  readonly #tokens: (Token | null)[] = []
  #persistedIndex = 0
  #durableSequence: number

  /** Records up to `durableSequence` count as durable: those that were recovered. */
  constructor(durableSequence = 0) {
    this.#durableSequence = durableSequence
  }

  get base(): EntryId {
    return this.#base
  }

  get firstIndex(): number {
    return this.#base.index + 1
  }

  get lastIndex(): LogIndex {
    return (this.#base.index + this.#entries.length) as LogIndex
  }

  get lastTerm(): Term {
    return this.#entries.at(-1)?.term ?? this.#base.term
  }

  /** The last entry that is durable here. */
  get persistedIndex(): LogIndex {
    return this.#persistedIndex as LogIndex
  }

  get durableSequence(): number {
    return this.#durableSequence
  }

  /** The entry's term; null outside the window and its base. */
  termAt(index: number): Term | null {
    if (index === this.#base.index) return this.#base.term
    return this.#entries[index - this.firstIndex]?.term ?? null
  }

  entryAt(index: number): Entry {
    const entry = this.#entries[index - this.firstIndex]
    assert(entry !== undefined, `entry ${index} is in the window from ${this.firstIndex} to ${this.lastIndex}`)
    return entry
  }

  tokenAt(index: number): Token | null {
    return this.#tokens[index - this.firstIndex] ?? null
  }

  sequenceAt(index: number): number {
    return this.#sequences[index - this.firstIndex] ?? 0
  }

  /** Appends one entry that belongs to the record of this sequence. */
  append(entry: Entry, sequence: number, token: Token | null): void {
    assert(entry.index === this.lastIndex + 1, `entry ${entry.index} follows entry ${this.lastIndex}`)
    assert(entry.term >= this.lastTerm, `terms of the log never decrease: ${entry.term} after ${this.lastTerm}`)
    this.#entries.push(entry)
    this.#sequences.push(sequence)
    this.#tokens.push(token)
  }

  /** Removes the entries from `index` on. What was durable of them no longer counts. */
  truncateFrom(index: number): void {
    const keep = index - this.firstIndex
    assert(keep >= 0 && index <= this.lastIndex, `the window can be cut at ${index}`)
    this.#entries.length = this.#sequences.length = this.#tokens.length = keep
    this.#persistedIndex = Math.min(this.#persistedIndex, index - 1)
  }

  /** Every record up to this sequence is durable. Returns whether `persistedIndex` moved. */
  onPersisted(sequence: number): boolean {
    assert(sequence >= this.#durableSequence, 'what is durable stays durable')
    this.#durableSequence = sequence
    const before = this.#persistedIndex
    while (this.#persistedIndex < this.lastIndex && this.sequenceAt(this.#persistedIndex + 1) <= sequence) {
      this.#persistedIndex += 1
    }
    return this.#persistedIndex > before
  }

  /** Entries from `from` on, as many as fit; the first one always does. */
  slice(
    from: number,
    bytesMax: number,
    entriesMax: number,
  ): { readonly entries: readonly Entry[]; readonly bytes: number } {
    const start = from - this.firstIndex
    const endMax = Math.min(this.#entries.length, start + entriesMax)
    let bytes = 0
    let end = start
    while (end < endMax) {
      const size = entryOverheadBytes + (this.#entries[end]?.data.length ?? 0)
      if (end > start && bytes + size > bytesMax) break
      bytes += size
      end += 1
    }
    return { entries: this.#entries.slice(start, end), bytes }
  }

  /**
   * True if a log that ends like this is at least as up to date as ours (§5.4.1): the later term wins, and of equal
   * terms the longer log.
   */
  isUpToDate(lastLogIndex: number, lastLogTerm: number): boolean {
    return lastLogTerm > this.lastTerm || (lastLogTerm === this.lastTerm && lastLogIndex >= this.lastIndex)
  }

  /** The last index not above `index` whose term is not above `atMost`: where logs that differ may agree at best. */
  lastIndexWithTermAtMost(index: number, atMost: number): EntryId {
    let at = Math.min(index, this.lastIndex)
    while (at > this.#base.index && this.entryAt(at).term > atMost) at -= 1
    return { index: at as LogIndex, term: this.termAt(at) ?? this.#base.term }
  }
}
