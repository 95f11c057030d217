import type { IncomingMessage } from 'node:http'
import { networkOf } from './network-of.js'
import type { HandlerSettings } from './options.js'
import { handleOfToken } from './session-token.js'

/** How long an address stays established after the last request that named a session, in milliseconds. */
const establishedMs = 300_000
/** So many established addresses are remembered; the one that was heard of longest ago gives way. */
const addressesMax = 10_000

/** Whom a request comes from: all that is behind one address of IPv4, or one /64 of IPv6. */
export interface Client {
  readonly network: string
  readonly isEstablished: boolean
}

/**
 * Which client addresses are established: those from which a request named a session that this member knows, within the
 * last five minutes. Sessions are opened at a bounded rate and are replicated, so that every member knows a client that
 * comes from another one, and nobody becomes established by asking much. All requests of such an address count, those
 * without a session too.
 */
export class ClientAddresses {
  readonly #settings: Pick<HandlerSettings, 'environment' | 'replica'>
  readonly #heardAtMs = new Map<string, number>()

  constructor(settings: Pick<HandlerSettings, 'environment' | 'replica'>) {
    this.#settings = settings
  }

  /** Whom this request comes from. It is to be asked while its connection is open. */
  of({ socket }: IncomingMessage, search: string): Client {
    if (this.#namesSession(search)) this.#remember(networkOf(socket.remoteAddress ?? ''))
    return this.at(socket.remoteAddress)
  }

  /** Whoever is at this address. */
  at(address: string | undefined): Client {
    const network = networkOf(address ?? '')
    const heardAtMs = this.#heardAtMs.get(network)
    const isEstablished =
      heardAtMs !== undefined && this.#settings.environment.monotonicMs() - heardAtMs < establishedMs
    return { network, isEstablished }
  }

  #namesSession(search: string): boolean {
    const token = search.includes('session=') ? new URLSearchParams(search).get('session') : null
    const handle = token === null ? null : handleOfToken(token)
    return handle !== null && this.#settings.replica.hasSession(handle)
  }

  #remember(network: string): void {
    this.#heardAtMs.delete(network)
    const [longestAgo] = this.#heardAtMs.keys()
    if (longestAgo !== undefined && this.#heardAtMs.size >= addressesMax) this.#heardAtMs.delete(longestAgo)
    this.#heardAtMs.set(network, this.#settings.environment.monotonicMs())
  }
}
