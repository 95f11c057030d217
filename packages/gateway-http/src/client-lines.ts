import { LineLimit } from '@quorate/contracts'
import type { HandlerSettings } from './options.js'

/** The lines of the log that clients can bring about: ten of one kind about one address in ten seconds, and then a count. */
export class ClientLines {
  readonly #logger: HandlerSettings['logger']
  readonly #limit: LineLimit

  constructor({ environment, logger }: Pick<HandlerSettings, 'environment' | 'logger'>) {
    this.#logger = logger
    this.#limit = new LineLimit(environment, (about, leftOut) =>
      logger.warn({ about, leftOut }, `${leftOut} more lines like this were left out: ${about}`),
    )
  }

  warn(from: string, message: string): void {
    if (this.#limit.take(`connections of ${from}`)) this.#logger.warn({ from }, message)
  }

  /** A mistake of ours that a request of this client ran into. */
  mistake(from: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#limit.take(`failures of requests of ${from}`)) {
      this.#logger.error({ from, ...fields }, 'a request failed unexpectedly')
    }
  }

  /** Says at once what was left out so far. */
  close(): void {
    this.#limit.close()
  }
}
