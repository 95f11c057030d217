import type { Inspection } from '../subject.js'

/** What changed of a log since it was last looked at. */
export interface LogChange {
  /** Entries from here on are new, or other ones. */
  readonly from: number
  /** Some entry that was there is gone or another one now. */
  readonly isTruncated: boolean
}

/** A copy of one member's log, as names of entries: what it was when it was last looked at, also after its end. */
export class LogShadow {
  /** The last entry that a snapshot stands for. */
  #base = 0
  #epochs: number[] = []

  get base(): number {
    return this.#base
  }

  get last(): number {
    return this.#base + this.#epochs.length
  }

  /** Null outside of what was seen of the log. */
  epochAt(index: number): number | null {
    return this.#epochs[index - this.#base - 1] ?? null
  }

  /** Follows the log. Costs as much as has changed. */
  follow(log: Inspection): LogChange {
    this.#forgetUpTo(log.firstIndex - 1)
    const before = this.last
    let agrees = Math.min(before, log.lastIndex)
    while (agrees > this.#base && this.epochAt(agrees) !== log.epochAt(agrees)) agrees -= 1
    this.#epochs.length = agrees - this.#base
    for (let index = agrees + 1; index <= log.lastIndex; index += 1) this.#epochs.push(log.epochAt(index) ?? 0)
    return { from: agrees + 1, isTruncated: agrees < before }
  }

  #forgetUpTo(base: number): void {
    if (base <= this.#base) return
    this.#epochs.splice(0, base - this.#base)
    this.#base = base
  }
}
