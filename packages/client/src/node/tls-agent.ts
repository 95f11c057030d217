import { Agent, type AgentOptions, type RequestOptions } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Renewed } from '@quorate/contracts/node'
import type { ClientTlsOptions } from './tls.js'

/** Connections of https that are kept, each made with the certificates of its moment. */
export class TlsAgent extends Agent {
  readonly #certificates: Renewed<ClientTlsOptions>

  constructor(options: AgentOptions, certificates: Renewed<ClientTlsOptions>) {
    // A connection that resumes the session of another one is shown no certificate: each makes a handshake of its own.
    super({ ...options, maxCachedSessions: 0 })
    this.#certificates = certificates
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    return super.createConnection({ ...options, ...this.#certificates.current() }, callback)
  }
}
