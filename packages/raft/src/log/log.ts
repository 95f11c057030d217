import { assert, type Token } from '@quorate/contracts'
import { sizeOfEntry, type Entry, type EntryId } from '../entry.js'
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
  #base: EntryId
  readonly #entries: Entry[] = []
  readonly #sequences: number[] = []
  readonly #tokens: (Token | null)[] = []
  #persistedIndex: number
  #durableSequence = 0

  /** A log of nothing but a snapshot's place, or of nothing at all. */
  constructor(base: EntryId = { index: logIndex(0), term: term(0) }) {
    this.#base = base
    this.#persistedIndex = base.index
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

  /** Every record up to this one is durable. */
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
    assert(entry !== undefined, () => `entry ${index} is in the window from ${this.firstIndex} to ${this.lastIndex}`)
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
    assert(entry.index === this.lastIndex + 1, () => `entry ${entry.index} follows entry ${this.lastIndex}`)
    assert(entry.term >= this.lastTerm, () => `terms of the log never decrease: ${entry.term} after ${this.lastTerm}`)
    this.#entries.push(entry)
    this.#sequences.push(sequence)
    this.#tokens.push(token)
  }

  /** Removes the entries from `index` on. What was durable of them no longer counts. */
  truncateFrom(index: number): void {
    const keep = index - this.firstIndex
    assert(keep >= 0 && index <= this.lastIndex, () => `the window can be cut at ${index}`)
    this.#entries.length = this.#sequences.length = this.#tokens.length = keep
    this.#persistedIndex = Math.min(this.#persistedIndex, index - 1)
  }

  /** Forgets the entries up to `index`: a snapshot stands for them, so they count as durable. */
  compactTo(index: number): void {
    const id = { index: logIndex(index), term: this.termAt(index) }
    assert(id.term !== null && index <= this.lastIndex, () => `the window can be compacted to ${index}`)
    const count = index - this.#base.index
    for (const list of [this.#entries, this.#sequences, this.#tokens]) list.splice(0, count)
    this.#base = { index: id.index, term: id.term }
    this.#persistedIndex = Math.max(this.#persistedIndex, index)
    this.onPersisted(this.#durableSequence)
  }

  /** Forgets everything: the log goes on behind this entry, for which a snapshot stands (Figure 13). */
  resetTo(base: EntryId): void {
    this.#base = base
    this.#entries.length = this.#sequences.length = this.#tokens.length = 0
    this.#persistedIndex = base.index
  }

  /** Where the log has to be cut below `last` to keep at most so many entries and bytes up to there. */
  startOfTail(last: number, entriesMax: number, bytesMax: number): number {
    let start = last
    let bytes = 0
    while (start > this.#base.index && last - start < entriesMax) {
      bytes += sizeOfEntry(this.entryAt(start))
      if (bytes > bytesMax) break
      start -= 1
    }
    return start
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

  /** Bytes of the entries from `first` to `last`. */
  bytesBetween(first: number, last: number): number {
    let bytes = 0
    for (let index = first; index <= last; index += 1) bytes += sizeOfEntry(this.entryAt(index))
    return bytes
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
    for (; end < endMax; end += 1) {
      const size = sizeOfEntry(this.entryAt(this.firstIndex + end))
      if (end > start && bytes + size > bytesMax) break
      bytes += size
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

  /**
   * The last entry not above `index` whose term is not above `atMost`: where logs that differ may agree at best. The base
   * if there is none. Terms never decrease, so halving finds it.
   */
  lastIdWithTermAtMost(index: number, atMost: number): EntryId {
    let agrees = 0
    let differs = Math.max(0, Math.min(index, this.lastIndex) - this.#base.index) + 1
    while (differs - agrees > 1) {
      const middle = (agrees + differs) >>> 1
      if ((this.#entries[middle - 1]?.term ?? 0) <= atMost) agrees = middle
      else differs = middle
    }
    const found = this.#base.index + agrees
    return { index: found as LogIndex, term: this.termAt(found) ?? this.#base.term }
  }
}
