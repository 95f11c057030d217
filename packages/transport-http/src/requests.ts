import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type OutgoingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Certificates } from '@quorate/contracts/node'
import { authorizationOf } from './bearer.js'
import type { HttpSettings } from './options.js'

/** An idle connection is given up a little before Node.js' servers end theirs. */
const idleSocketMs = 4_000

/** Makes the requests of one link to one peer. Their connections are its own, so that the first one is a new one, and end with it. */
export class Requests {
  readonly #base: URL
  readonly #settings: HttpSettings
  readonly #certificates: Certificates | undefined
  readonly #agent: HttpAgent

  constructor(base: URL, settings: HttpSettings, certificates: Certificates | undefined) {
    this.#base = base
    this.#settings = settings
    this.#certificates = certificates
    const options = { keepAlive: true, timeout: idleSocketMs }
    this.#agent = base.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options)
  }

  /** Starts a POST to a path below the peer's base, on a connection that is kept for the next one. */
  post(path: string, headers: OutgoingHttpHeaders): ClientRequest {
    const { token, request: given } = this.#settings
    const url = new URL(this.#base)
    url.pathname = this.#base.pathname.replace(/\/$/, '') + path
    const request = given ?? (url.protocol === 'https:' ? httpsRequest : httpRequest)
    return request(url, {
      method: 'POST',
      agent: this.#agent,
      headers: { ...headers, ...authorizationOf(token) },
      // The name in the certificate is compared with the member that is wanted, not with the name of the machine.
      ...(this.#certificates && { ...this.#certificates.current(), checkServerIdentity: () => undefined }),
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
