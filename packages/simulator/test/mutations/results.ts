import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import type { Hunt, Range } from './hunt.js'

/** One search: for what, where, and what came of it. */
export interface Result extends Range, Hunt {
  /** Null: the product as it is, in which there should be nothing to find. */
  readonly bug: string | null
}

/** What searches have come to, kept as a line of JSON each, so that a long pass can be stopped and continued. */
export class Results {
  readonly #path: string | null
  readonly #known: readonly Result[]

  constructor(path: string | null) {
    this.#path = path
    const lines = path !== null && existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
    this.#known = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Result)
  }

  /** The same search, if it was made before. */
  find(bug: string | null, range: Range): Result | null {
    const isSame = (known: Result): boolean =>
      known.bug === bug &&
      known.profile === range.profile &&
      known.firstSeed === range.firstSeed &&
      (known.violation !== null || (known.seedsMax >= range.seedsMax && known.secondsMax >= range.secondsMax))
    return this.#known.findLast(isSame) ?? null
  }

  add(result: Result): void {
    if (this.#path !== null) appendFileSync(this.#path, `${JSON.stringify(result)}\n`)
  }
}
