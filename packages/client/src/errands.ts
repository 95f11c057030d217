import { QuorateError, type ErrorCode } from '@quorate/contracts'
import { Addresses } from './addresses.js'
import { ClusterPin } from './cluster-pin.js'
import { Errand } from './errand.js'
import type { ClientSettings } from './options.js'
import { closingOrder, openingOrder, type ErrandOrder } from './orders.js'
import { Sessions, type Opening } from './sessions.js'

/** The errands of one client, what they share, and the end of all of them. */
export class Errands {
  readonly #settings: ClientSettings
  readonly #addresses: Addresses
  readonly #cluster = new ClusterPin()
  readonly #sessions: Sessions
  readonly #running = new Set<{ stop(code: ErrorCode, message: string): void }>()
  #operations = 0
  #closing: Promise<void> | null = null

  constructor(settings: ClientSettings) {
    this.#settings = settings
    this.#addresses = new Addresses(settings.addresses, settings.environment)
    this.#sessions = new Sessions(settings.environment, (nonce) => this.#open(nonce))
  }

  /** Carries out what a caller asked for. */
  async run<Result>(order: ErrandOrder<Result>): Promise<Result> {
    if (this.#closing) throw new QuorateError('STOPPED', 'this client was closed', { outcome: 'notDone' })
    if (this.#operations >= this.#settings.requestsMax) {
      const message = `${this.#operations} operations are under way and that is the limit: try again shortly`
      throw new QuorateError('OVERLOADED', message)
    }
    this.#operations += 1
    try {
      return await this.#carryOut(this.#errand(order))
    } finally {
      this.#operations -= 1
    }
  }

  /** Ends what is under way, then the sessions, as far as members can be reached within `closeTimeoutMs`. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    for (const errand of [...this.#running]) errand.stop('STOPPED', 'this client was closed')
    const closings = this.#sessions.ids.map((id) => this.#errand(closingOrder(this.#settings, id)).run())
    await Promise.allSettled(closings)
    await this.#settings.http.close()
  }

  /** On behalf of the commands that need it, each of which is counted already. */
  #open(nonce: string): Opening {
    const errand = this.#errand(openingOrder(this.#settings, nonce))
    return {
      opened: this.#carryOut(errand).then(({ session }) => session),
      undone: (what, timeoutMs) => errand.undone(what, timeoutMs),
      stop: () => errand.stop('ABORTED', 'nobody waits for this session any more'),
    }
  }

  #errand<Result>(order: ErrandOrder<Result>): Errand<Result> {
    return new Errand(
      { ...this.#settings, addresses: this.#addresses, cluster: this.#cluster, sessions: this.#sessions },
      order,
    )
  }

  async #carryOut<Result>(errand: Errand<Result>): Promise<Result> {
    this.#running.add(errand)
    try {
      return await errand.run()
    } finally {
      this.#running.delete(errand)
    }
  }
}
