import type { Outgoing, Ready } from '@quorate/contracts'
import type { RaftMessage } from '../../src/index.js'

/** What a write has to do once it is durable. */
export interface Persisted {
  readonly lastSequence: number | null
  readonly messages: readonly Outgoing<RaftMessage>[]
}

/**
 * A member's disk: writes wait in order, several at once, and each is durable only when the schedule says so. A crash
 * keeps a prefix of them, told to nobody.
 */
export class BareDisk {
  readonly records: Uint8Array[] = []
  #waiting: Ready<RaftMessage>[] = []

  get waiting(): number {
    return this.#waiting.length
  }

  write(ready: Ready<RaftMessage>): void {
    this.#waiting.push(ready)
  }

  /** Makes the first `count` waiting writes durable. */
  persist(count: number): Persisted {
    const done = this.#waiting.splice(0, count)
    let lastSequence: number | null = null
    for (const ready of done) {
      this.records.push(...ready.records)
      if (ready.records.length > 0) lastSequence = ready.firstSequence + ready.records.length - 1
    }
    return { lastSequence, messages: done.flatMap((ready) => ready.messagesAfterPersist) }
  }

  /** Loses what waits, but for a prefix that had reached the disk already. */
  crash(kept: number): void {
    this.persist(kept)
    this.#waiting = []
  }
}
