import type { Batch } from '@quorate/contracts'

/** What a record, and a batch, takes in a journal beside its bytes, at most. */
const recordOverheadBytes = 16
const batchOverheadBytes = 256

/** What a member's journal has to keep: the records that were durable and that no durable release stands for. */
export class UnreleasedRecords {
  #batches: { readonly lastSequence: number; readonly bytes: number }[] = []
  #releasedTo: number | null = null
  #starts = 0
  #last = 0

  /** The last record that was ever durable. */
  get last(): number {
    return this.#last
  }

  /** The snapshot that the last durable release names; null if there is none. */
  get releasedTo(): number | null {
    return this.#releasedTo
  }

  /** How often its member has begun a file of the journal because it started, since the last release. */
  get starts(): number {
    return this.#starts
  }

  /** At most, with all that stands around them. */
  get bytes(): number {
    return this.#batches.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Its journal is another one, with nothing in it. */
  begin(): void {
    this.#batches = []
    this.#releasedTo = null
    this.#starts = 0
    this.#last = 0
  }

  onStart(): void {
    this.#starts += 1
  }

  /** It is open again, and says to which snapshot it was released: power or a kill may have come before anybody was told. */
  onOpened(snapshot: number | null): void {
    this.#releasedTo = snapshot
  }

  onDurable({ firstSequence, records, release }: Batch): void {
    const bytes = records.reduce((sum, { length }) => sum + length + recordOverheadBytes, batchOverheadBytes)
    this.#last = firstSequence + records.length - 1
    this.#batches.push({ lastSequence: firstSequence + records.length - 1, bytes })
    if (release === null) return
    this.#releasedTo = release.snapshot
    this.#starts = 0
    this.#batches = this.#batches.filter(({ lastSequence }) => lastSequence >= release.sequence)
  }
}
