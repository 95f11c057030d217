import type { Environment, OpenStorage } from '@quorate/contracts'
import type { IdentityFile } from './identity-file.js'

/** How often is kept what the others' journals have come to, in milliseconds. */
const keepEveryMs = 5_000

/** What keeping it needs of the driver. */
export interface ProgressKeeperHost {
  readonly environment: Environment
  readonly storage: Pick<OpenStorage, 'pressure'>
  readonly identity: Pick<IdentityFile, 'keep'>
  fail(error: unknown): void
}

/**
 * Keeps what this member knows of the others' journals, so that it also knows after a restart which directory has less than
 * its member had vouched for (decision 0011). Not with every record: what was not kept yet can be forgotten, and then one
 * old copy more is taken in. A disk that is short of room is left alone, since a file that cannot be written ends the member.
 */
export class ProgressKeeper {
  readonly #host: ProgressKeeperHost
  #cancelTimer: () => void = () => {}

  constructor(host: ProgressKeeperHost) {
    this.#host = host
  }

  start(): void {
    const { environment, storage, identity } = this.#host
    this.#cancelTimer = environment.setTimer(keepEveryMs, () => {
      this.start()
      if (storage.pressure === 'none') identity.keep().catch((error: unknown) => this.#host.fail(error))
    })
  }

  stop(): void {
    this.#cancelTimer()
  }
}
