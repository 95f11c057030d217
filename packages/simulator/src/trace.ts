import type { JsonValue } from '@quorate/contracts'

/** One thing that happened in a simulated cluster, in virtual time. */
export interface TraceEvent {
  readonly ms: number
  readonly what: string
  /** The member it happened to; null for what happened to all, or outside. */
  readonly member: string | null
  readonly detail: JsonValue
}

/**
 * Everything that happened, boiled down to a hash, so that two runs of one seed can be compared without keeping either.
 * With a listener every event is also told as it happens; nothing is made for a listener that is not there.
 */
export class Trace {
  readonly #now: () => number
  readonly #listener: ((event: TraceEvent) => void) | null
  #high = 0x9e37_79b9
  #low = 0x243f_6a88
  #events = 0

  constructor(now: () => number, listener: ((event: TraceEvent) => void) | null) {
    this.#now = now
    this.#listener = listener
  }

  get events(): number {
    return this.#events
  }

  /** Sixteen hexadecimal digits. */
  get hash(): string {
    const digits = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')
    return digits(this.#high) + digits(this.#low)
  }

  /** Takes one event in. `numbers` are hashed; `detail` is made only for a listener. */
  add(what: string, member: string | null, numbers: readonly number[], detail?: () => JsonValue): void {
    this.#events += 1
    const ms = this.#now()
    this.#mixText(what)
    if (member !== null) this.#mixText(member)
    this.#mix(Math.trunc(ms * 1_000))
    for (const number of numbers) this.#mix(number)
    this.#listener?.({ ms, what, member, detail: detail ? detail() : [...numbers] })
  }

  #mixText(text: string): void {
    for (let at = 0; at < text.length; at += 1) this.#mix(text.charCodeAt(at))
  }

  #mix(value: number): void {
    this.#high = Math.imul(this.#high ^ value, 0x0100_0193)
    this.#low = Math.imul(this.#low ^ (value + (this.#high >>> 13)), 0x85eb_ca6b)
  }
}
