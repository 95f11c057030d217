import { QuorateError, type Environment } from '@quorate/contracts'
import type { Client } from './client-addresses.js'

/** Of all clients together: so much time may go to bodies that fail at once, and so much of each second after that. */
const [burstMs, perSecondMs] = [1_000, 100]
/** How long an address is remembered after its last body that failed, in milliseconds. */
const rememberedMs = 600_000
/** Addresses that are remembered at once; the one that failed longest ago gives way. */
const addressesMax = 10_000

/**
 * The time that goes to bodies that do not fit: a schema is asked in one piece and cannot be told to stop, so that what a
 * body costs is known when it has failed. Such bodies take at most a tenth of a member's time, and those of one address its
 * share of that: who has used it up is refused before a body is read.
 *
 * An address from which nothing has failed for ten minutes is always heard, so that others who fail cannot keep it out; and
 * so are established clients within their own share.
 */
export class FailingTime {
  readonly #environment: Pick<Environment, 'monotonicMs'>
  readonly #addressShare: number
  readonly #all: Debt
  readonly #owed = new Map<string, Debt>()

  constructor(environment: Pick<Environment, 'monotonicMs'>, addressShare: number) {
    this.#environment = environment
    this.#addressShare = addressShare
    this.#all = new Debt(environment, burstMs, perSecondMs)
  }

  /** Throws `OVERLOADED` while bodies of this client have taken too much. */
  check({ network, isEstablished }: Client): void {
    const own = this.#owed.get(network)
    if (own === undefined || own.ageMs >= rememberedMs) return
    if (!own.isTooMuch && (isEstablished || !this.#all.isTooMuch)) return
    const message = "too much of this member's time went to bodies that did not fit: mend them, and try again shortly"
    throw new QuorateError('OVERLOADED', message)
  }

  /** Runs what reads a body, and counts the time if it throws. */
  run<Result>(client: Client, read: () => Result): Result {
    const beganMs = this.#environment.monotonicMs()
    try {
      return read()
    } catch (error) {
      this.#charge(client, Math.max(0, this.#environment.monotonicMs() - beganMs))
      throw error
    }
  }

  #charge({ network }: Client, ms: number): void {
    this.#all.add(ms)
    this.#debtOf(network).add(ms)
  }

  #debtOf(network: string): Debt {
    const known = this.#owed.get(network)
    const debt = known ?? new Debt(this.#environment, burstMs * this.#addressShare, perSecondMs * this.#addressShare)
    this.#owed.delete(network)
    const [longestAgo] = this.#owed.keys()
    if (longestAgo !== undefined && this.#owed.size >= addressesMax) this.#owed.delete(longestAgo)
    this.#owed.set(network, debt)
    return debt
  }
}

/** Milliseconds that were taken, and are forgiven as time passes. */
class Debt {
  readonly #environment: Pick<Environment, 'monotonicMs'>
  readonly #maxMs: number
  readonly #perSecondMs: number
  #ms = 0
  #atMs: number
  #addedAtMs = 0

  constructor(environment: Pick<Environment, 'monotonicMs'>, maxMs: number, perSecondMs: number) {
    this.#environment = environment
    this.#maxMs = maxMs
    this.#perSecondMs = perSecondMs
    this.#atMs = environment.monotonicMs()
  }

  /** How long ago something was added. */
  get ageMs(): number {
    return this.#environment.monotonicMs() - this.#addedAtMs
  }

  get isTooMuch(): boolean {
    return this.#left() >= this.#maxMs
  }

  add(ms: number): void {
    this.#ms = this.#left() + ms
    this.#addedAtMs = this.#atMs
  }

  #left(): number {
    const nowMs = this.#environment.monotonicMs()
    const passedMs = Math.max(0, nowMs - this.#atMs)
    this.#ms = Math.max(0, this.#ms - (passedMs / 1_000) * this.#perSecondMs)
    this.#atMs = nowMs
    return this.#ms
  }
}
