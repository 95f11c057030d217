import { createSecureContext } from 'node:tls'
import { describeError, QuorateError } from '../errors.js'
import type { Logger } from '../logger.js'
import { refusePromise } from '../callbacks.js'

/** What connections of TLS are made with; certificates and keys in PEM, which tell whether they were replaced. */
export interface PemOptions {
  readonly cert?: string
  readonly key?: string
  readonly ca?: string[]
  readonly minVersion: 'TLSv1.2'
  readonly secureOptions: number
}

/** A server of `node:tls` or `node:https`, as far as it is needed here: consumers without Node's types read this too. */
interface SecureServer {
  prependListener(event: 'connection', listener: () => void): unknown
  setSecureContext(options: PemOptions): void
}

/**
 * What an option `tls` gives as it is now: it may be a function, so that files which were replaced count without a
 * restart. What cannot be used, such as a key that was replaced before its certificate, is reported once and leaves the
 * last good one in use.
 */
export class Renewed<Options extends PemOptions> {
  readonly #give: () => unknown
  readonly #read: (material: unknown) => Options
  readonly #logger: Logger
  #given: Options
  #good: Options
  /** What was last told of material that cannot be used; null while it can. */
  #told: string | null = null

  /**
   * `give` is asked for each connection. `read` makes options of what was given, and throws for what does not fit. Throws `INVALID_OPTIONS` if what is given to
   * begin with cannot be used; `advice` says what to give.
   */
  constructor(give: () => unknown, read: (material: unknown) => Options, logger: Logger, advice: string) {
    this.#give = give
    this.#read = read
    this.#logger = logger
    try {
      this.#good = this.#given = this.#take()
      createSecureContext(this.#good)
    } catch (error) {
      const message = `the certificates of the option "tls" cannot be used: ${describeError(error)}. ${advice}`
      throw new QuorateError('INVALID_OPTIONS', message, { cause: error })
    }
  }

  /** The same object for as long as nothing has changed. */
  current(): Options {
    try {
      const given = this.#take()
      if (isSame(given, this.#given)) {
        if (this.#given === this.#good) this.#told = null
        return this.#good
      }
      this.#given = given
      createSecureContext(given)
      this.#good = given
      this.#told = null
    } catch (error) {
      const reason = describeError(error)
      if (reason === this.#told) return this.#good
      this.#told = reason
      this.#logger.warn({ reason }, `new certificates cannot be used, and the last ones stay: ${reason}`)
    }
    return this.#good
  }

  #take(): Options {
    const material = this.#give()
    refusePromise(material, 'the function of the option "tls"')
    return this.#read(material)
  }
}

/** Has a server look at each connection whether there are other certificates by now. Returns it. */
export function renewing<Listening extends SecureServer>(
  server: Listening,
  renewed: { current(): PemOptions },
): Listening {
  let used = renewed.current()
  server.prependListener('connection', () => {
    const current = renewed.current()
    if (current !== used) server.setSecureContext(current)
    used = current
  })
  return server
}

function isSame(left: PemOptions, right: PemOptions): boolean {
  return left.cert === right.cert && left.key === right.key && left.ca?.join() === right.ca?.join()
}
