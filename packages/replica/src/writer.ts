import type { Batch, Environment, OpenStorage, Outgoing, Ready, Sequence } from '@quorate/contracts'

/** Bytes of records that one append gathers at most, unless a single Ready has more. */
const batchBytesMax = 8 * 1024 * 1024

/** What the writer does when records are durable. */
export interface WriterEffects<Message> {
  send(messages: readonly Outgoing<Message>[]): void
  onPersisted(sequence: Sequence): void
  /** A batch became durable, and took so long. */
  onAppended(batch: Batch, ms: number): void
  fail(error: unknown): void
}

/**
 * Makes records durable, and lets lane two go when that is done (order 7.1). While one append runs, the next batch
 * gathers: that is the group commit.
 *
 * A Ready without records takes its place in the queue all the same. Its messages may vouch for records that an earlier
 * Ready is still writing: a duplicate of a message whose entries are in flight is answered by such a Ready.
 */
export class Writer<Message> {
  readonly #storage: OpenStorage
  readonly #environment: Environment
  readonly #effects: WriterEffects<Message>
  #waiting: Ready<Message>[] = []
  /** The last record that the journal held at this start; 0: none. */
  readonly recovered: number
  #persisted: number
  #isWriting = false
  #hasFailed = false
  #idle: Promise<void> = Promise.resolve()

  constructor(storage: OpenStorage, environment: Environment, recovered: number, effects: WriterEffects<Message>) {
    this.recovered = recovered
    this.#persisted = recovered
    this.#storage = storage
    this.#environment = environment
    this.#effects = effects
  }

  /** Resolves when everything pushed so far is durable, or the writer has failed. */
  get idle(): Promise<void> {
    return this.#idle
  }

  /** Readys that wait for the append before them. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** The last record that is durable; 0: none. */
  get persisted(): number {
    return this.#persisted
  }

  push(ready: Ready<Message>): void {
    if (this.#hasFailed) return
    this.#waiting.push(ready)
    if (!this.#isWriting) this.#idle = this.#work()
  }

  async #work(): Promise<void> {
    this.#isWriting = true
    try {
      while (this.#waiting.length > 0) {
        const readys = this.#takeReadys()
        const batch = batchOf(readys)
        if (batch) await this.#append(batch)
        for (const ready of readys) this.#effects.send(ready.messagesAfterPersist)
        if (batch) this.#effects.onPersisted(this.#persisted as Sequence)
      }
    } catch (error) {
      this.#hasFailed = true
      this.#waiting = []
      this.#effects.fail(error)
    } finally {
      this.#isWriting = false
    }
  }

  async #append(batch: Batch): Promise<void> {
    const startMs = this.#environment.monotonicMs()
    await this.#storage.append(batch)
    this.#persisted = batch.firstSequence + batch.records.length - 1
    this.#effects.onAppended(batch, this.#environment.monotonicMs() - startMs)
  }

  #takeReadys(): Ready<Message>[] {
    let bytes = 0
    let count = 0
    for (const ready of this.#waiting) {
      for (const record of ready.records) bytes += record.length
      if (count > 0 && bytes > batchBytesMax) break
      count += 1
    }
    return this.#waiting.splice(0, count)
  }
}

/** One batch of several Readys' records; null when there is nothing to write. The last release counts. */
function batchOf<Message>(readys: readonly Ready<Message>[]): Batch | null {
  const first = readys.find((ready) => ready.records.length > 0)
  if (!first) return null
  const release = readys.findLast((ready) => ready.release !== null)?.release ?? null
  return { firstSequence: first.firstSequence, records: readys.flatMap((ready) => ready.records), release }
}
