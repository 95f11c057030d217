import type { QuorateError } from '@quorate/contracts'
import { failureOf } from './damage.js'

/**
 * Whether the storage may still be trusted. After the first failure of a journal, identity, rename or directory
 * operation it may not, and says so for ever (decision D5).
 *
 * There is no second try: after a failed sync the kernel has marked the pages clean, and the next sync succeeds without
 * having written them.
 */
export class FailStop {
  #failure: QuorateError | null = null

  /** Throws what ended this storage, if something did. */
  check(): void {
    if (this.#failure) throw this.#failure
  }

  get hasFailed(): boolean {
    return this.#failure !== null
  }

  /** What ended this storage; null while nothing has. */
  get failure(): QuorateError | null {
    return this.#failure
  }

  /** Runs an operation whose failure ends the storage. `doing` begins the message: `writing journal-1`. */
  async guard<Result>(doing: string, run: () => Promise<Result>): Promise<Result> {
    this.check()
    try {
      return await run()
    } catch (error) {
      throw this.fail(doing, error)
    }
  }

  /** Ends the storage, and says how it has ended: by this failure, or by an earlier one. */
  fail(doing: string, error: unknown): QuorateError {
    return (this.#failure ??= failureOf(doing, error))
  }

  /** Hands on what a generator gives, and ends the storage if the generator fails. What its user throws is not meant. */
  async *guardEach<Item>(doing: string, items: AsyncGenerator<Item, void>): AsyncGenerator<Item, void> {
    try {
      for (;;) {
        const step = await this.guard(doing, () => items.next())
        if (step.done) return
        yield step.value
      }
    } finally {
      await items.return().catch(() => undefined)
    }
  }
}
