import { QuorateError, RateLimit } from '@quorate/contracts'
import type { Client } from './client-addresses.js'
import type { HandlerSettings } from './options.js'

/** Addresses that are remembered at once. Those that have opened nothing for a while are forgotten first. */
const addressesMax = 10_000

/**
 * How many sessions each client address may open: a session is held by every member until it is ended or expires, and one
 * client must not fill the table for all.
 */
export class OpeningLimits {
  readonly #settings: Pick<HandlerSettings, 'environment' | 'sessionsBurst' | 'sessionsPerSecond'>
  readonly #limits = new Map<string, RateLimit>()

  constructor(settings: Pick<HandlerSettings, 'environment' | 'sessionsBurst' | 'sessionsPerSecond'>) {
    this.#settings = settings
  }

  /** Throws `OVERLOADED` if this address has opened as many as it may for now. */
  check({ network }: Client): void {
    const { environment, sessionsBurst, sessionsPerSecond } = this.#settings
    let limit = this.#limits.get(network)
    if (!limit) {
      if (this.#limits.size >= addressesMax) this.#forget()
      limit = new RateLimit(environment, sessionsBurst, sessionsPerSecond)
      this.#limits.set(network, limit)
    }
    if (limit.take()) return
    const message =
      `your address has opened ${sessionsBurst} sessions here, and may open ${sessionsPerSecond} more in a second: ` +
      'keep one client for a process, and close it when it is needed no more'
    throw new QuorateError('OVERLOADED', message)
  }

  #forget(): void {
    for (const [network, limit] of this.#limits) if (limit.isFull) this.#limits.delete(network)
    for (const network of this.#limits.keys()) {
      if (this.#limits.size < addressesMax) return
      this.#limits.delete(network)
    }
  }
}
