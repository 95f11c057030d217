import { QuorateError } from '@quorate/contracts'
import { Addresses } from './addresses.js'
import { openedSession } from './answers.js'
import { ClusterPin } from './cluster-pin.js'
import { Errand } from './errand.js'
import type { HttpAnswer } from './http-port.js'
import type { ClientSettings } from './options.js'
import { closingOrder, openingOrder, type ErrandOrder } from './orders.js'
import { Sessions, type Opening } from './sessions.js'

/** The errands of one client, what they share, and the end of all of them. */
export class Errands {
  readonly #settings: ClientSettings
  readonly #addresses: Addresses
  readonly #cluster = new ClusterPin()
  readonly #sessions: Sessions
  readonly #running = new Set<Errand>()
  #operations = 0
  #closing: Promise<void> | null = null

  constructor(settings: ClientSettings) {
    this.#settings = settings
    this.#addresses = new Addresses(settings.addresses, settings.environment)
    this.#sessions = new Sessions(settings.environment, (nonce) => this.#open(nonce))
  }

  /** Carries out what a caller asked for. */
  async run(order: ErrandOrder): Promise<HttpAnswer> {
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
      opened: this.#carryOut(errand).then((answer) => openedSession(answer).session),
      undone: (what, timeoutMs) => errand.undone(what, timeoutMs),
    }
  }

  #errand(order: ErrandOrder): Errand {
    return new Errand(
      { ...this.#settings, addresses: this.#addresses, cluster: this.#cluster, sessions: this.#sessions },
      order,
    )
  }

  async #carryOut(errand: Errand): Promise<HttpAnswer> {
    this.#running.add(errand)
    try {
      return await errand.run()
    } finally {
      this.#running.delete(errand)
    }
  }
}
