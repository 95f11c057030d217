import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { describeError, LineLimit, refusePromise } from '@quorate/contracts'
import { checkedCertificateOf, type PeerCertificate } from '@quorate/contracts/node'
import { networkOf } from './network-of.js'
import type { HandlerSettings } from './options.js'
import { HttpRefusal } from './refusal.js'

/** Asks `mayBeClient` about whoever sends a request. Without that option everybody may. */
export class ClientGuard {
  readonly #settings: HandlerSettings
  readonly #lines: LineLimit
  /** Certificates do not change while a connection stands, and to read one takes longer than to judge it. */
  readonly #certificates = new WeakMap<Socket, PeerCertificate>()

  constructor(settings: HandlerSettings) {
    this.#settings = settings
    this.#lines = new LineLimit(settings.environment, (from, leftOut) =>
      settings.logger.warn({ from, leftOut }, `${leftOut} more requests of ${from} were refused by mayBeClient`),
    )
  }

  /**
   * Throws 403 `FORBIDDEN` unless the predicate says true. It is asked at each request: what it knows may have changed since
   * the last one of this connection.
   */
  check({ socket }: IncomingMessage): void {
    const { mayBeClient, logger } = this.#settings
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
    const from = networkOf(socket.remoteAddress ?? '')
    const { name = null, fingerprint256 = null } = certificate ?? {}
    if (this.#lines.take(from)) {
      logger.warn({ from, name, fingerprint256 }, `a request was refused by the option mayBeClient${reason}`)
    }
    const shown = certificate === null ? 'a connection without a certificate that was checked' : 'this certificate'
    throw new HttpRefusal(403, 'FORBIDDEN', `the option mayBeClient of this member does not let ${shown} in`)
  }

  close(): void {
    this.#lines.close()
  }

  #certificateOf(socket: Socket): PeerCertificate | null {
    const known = this.#certificates.get(socket)
    if (known) return known
    const certificate = checkedCertificateOf(socket)
    if (certificate) this.#certificates.set(socket, certificate)
    return certificate
  }
}
