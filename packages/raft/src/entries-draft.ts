import type { Entry } from './entry.js'
import { EntriesRun } from './entries-run.js'

/** A record of entries in a row that may still grow. What was handed out of it does not: it goes on in a copy. */
export class EntriesDraft {
  readonly kind = 'entries'
  #run: EntriesRun
  /** The entries of the run, while nobody else holds it. */
  #own: Entry[] | null = null

  constructor(run: EntriesRun) {
    this.#run = run
  }

  get nextIndex(): number {
    return this.#run.firstIndex + this.#run.entries.length
  }

  add(entry: Entry): void {
    if (this.#own === null) {
      this.#own = this.#run.entries.slice()
      this.#run = new EntriesRun(this.#run.firstIndex, this.#own)
    }
    this.#own.push(entry)
  }

  /** True if these are the same entries: what lies between the same first and last one is the same. */
  holds(entries: readonly Entry[]): boolean {
    const own = this.#run.entries
    return entries.length === own.length && entries[0] === own[0] && entries.at(-1) === own.at(-1)
  }

  handOut(): EntriesRun {
    this.#own = null
    return this.#run
  }
}
