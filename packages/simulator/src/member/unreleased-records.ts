import type { Batch, Release } from '@quorate/contracts'

/** What a record, and a batch, takes in a journal beside its bytes, at most. */
const recordOverheadBytes = 16
const batchOverheadBytes = 256

/** What a member's journal has to keep: the records that were durable and that no durable release stands for. */
export class UnreleasedRecords {
  #batches: { readonly lastSequence: number; readonly bytes: number }[] = []
  #release: Release | null = null
  #starts = 0

  /** The last one that was durable. */
  get release(): Release | null {
    return this.#release
  }

  /** How often its member has begun a file of the journal because it started, since the last release. */
  get starts(): number {
    return this.#starts
  }

  /** At most, with all that stands around them. */
  get bytes(): number {
    return this.#batches.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  onStart(): void {
    this.#starts += 1
  }

  onDurable({ firstSequence, records, release }: Batch): void {
    const bytes = records.reduce((sum, { length }) => sum + length + recordOverheadBytes, batchOverheadBytes)
    this.#batches.push({ lastSequence: firstSequence + records.length - 1, bytes })
    if (release === null) return
    this.#release = release
    this.#starts = 0
    this.#batches = this.#batches.filter(({ lastSequence }) => lastSequence >= release.sequence)
  }
}
