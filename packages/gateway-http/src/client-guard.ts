import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { describeError, refusePromise } from '@quorate/contracts'
import { checkedCertificateOf, type MayBeClient, type PeerCertificate } from '@quorate/contracts/node'
import type { ClientLines } from './client-lines.js'
import type { HandlerSettings } from './options.js'
import { HttpRefusal } from './refusal.js'

/** Asks `mayBeClient` about whoever sends a request. Without that option everybody may. */
export class ClientGuard {
  readonly #mayBeClient: MayBeClient | undefined
  readonly #lines: ClientLines
  /** Certificates do not change while a connection stands, and to read one takes longer than to judge it. */
  readonly #certificates = new WeakMap<Socket, PeerCertificate>()

  constructor({ mayBeClient }: Pick<HandlerSettings, 'mayBeClient'>, lines: ClientLines) {
    this.#mayBeClient = mayBeClient
    this.#lines = lines
  }

  /**
   * Throws 403 `FORBIDDEN` unless the predicate says true; `from` is the address in the log. It is asked at each request: what it knows may have changed since
   * the last one of this connection.
   */
  check({ socket }: IncomingMessage, from: string): void {
    const mayBeClient = this.#mayBeClient
    if (!mayBeClient) return
    const certificate = this.#certificateOf(socket)
    let reason = ''
    try {
      const answer: unknown = mayBeClient(certificate)
      refusePromise(answer, 'mayBeClient')
      if (answer === true) return
    } catch (error) {
      reason = `, which failed: ${describeError(error)}`
    }
    const shown = certificate === null ? 'a connection without a certificate that was checked' : 'this certificate'
    const whose =
      certificate === null ? 'no certificate' : `${certificate.name ?? 'no name'}, ${certificate.fingerprint256}`
    this.#lines.warn(from, `a request was refused by the option mayBeClient (${whose})${reason}`)
    throw new HttpRefusal(403, 'FORBIDDEN', `the option mayBeClient of this member does not let ${shown} in`)
  }

  #certificateOf(socket: Socket): PeerCertificate | null {
    const known = this.#certificates.get(socket)
    if (known) return known
    const certificate = checkedCertificateOf(socket)
    if (certificate) this.#certificates.set(socket, certificate)
    return certificate
  }
}
