import type { Environment } from './environment.js'

/** So many lines about one thing are said within a window. */
const linesMax = 10
const windowMs = 10_000
/** So many things are told apart; the longest known gives way. */
const subjectsMax = 1_000

interface Subject {
  readonly sinceMs: number
  said: number
  leftOut: number
  cancelTimer: () => void
}

/**
 * Keeps others from writing a log full: ten lines about one thing (a peer and a code, or an address) in ten seconds, and
 * then one that says how many were left out.
 */
export class LineLimit {
  readonly #environment: Pick<Environment, 'monotonicMs' | 'setTimer'>
  readonly #onLeftOut: (about: string, lines: number) => void
  readonly #subjects = new Map<string, Subject>()

  constructor(
    environment: Pick<Environment, 'monotonicMs' | 'setTimer'>,
    onLeftOut: (about: string, lines: number) => void,
  ) {
    this.#environment = environment
    this.#onLeftOut = onLeftOut
  }

  /** True if a line about this may be said now; otherwise it is counted. */
  take(about: string): boolean {
    const subject = this.#subjectOf(about)
    if (subject.said < linesMax) {
      subject.said += 1
      return true
    }
    // Only a flood has a timer: a single line keeps no process alive.
    if (subject.leftOut === 0) subject.cancelTimer = this.#environment.setTimer(windowMs, () => this.#end(about))
    subject.leftOut += 1
    return false
  }

  /** Says at once what was left out so far. */
  close(): void {
    for (const about of [...this.#subjects.keys()]) this.#end(about)
  }

  #subjectOf(about: string): Subject {
    const nowMs = this.#environment.monotonicMs()
    const known = this.#subjects.get(about)
    if (known && (known.leftOut > 0 || nowMs - known.sinceMs < windowMs)) return known
    this.#subjects.delete(about)
    const [longestKnown] = this.#subjects.keys()
    if (longestKnown !== undefined && this.#subjects.size >= subjectsMax) this.#end(longestKnown)
    const subject = { sinceMs: nowMs, said: 0, leftOut: 0, cancelTimer: () => {} }
    this.#subjects.set(about, subject)
    return subject
  }

  #end(about: string): void {
    const subject = this.#subjects.get(about)
    if (!subject) return
    this.#subjects.delete(about)
    subject.cancelTimer()
    if (subject.leftOut > 0) this.#onLeftOut(about, subject.leftOut)
  }
}
