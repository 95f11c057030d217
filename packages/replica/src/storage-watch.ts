import type { Environment, OpenStorage } from '@quorate/contracts'

/** How often a storage that nobody calls is asked how it is, in milliseconds. */
const lookEveryMs = 250

/**
 * Finds out that a storage has failed while nobody wrote: in work of its own, a file written ahead. Without it a leader
 * that is short of room, and so refuses commands, would lead for ever over a journal that is done for (decision D5).
 */
export class StorageWatch {
  readonly #environment: Environment
  readonly #storage: Pick<OpenStorage, 'failure'>
  readonly #fail: (error: unknown) => void
  #cancelTimer: () => void = () => {}

  constructor(environment: Environment, storage: Pick<OpenStorage, 'failure'>, fail: (error: unknown) => void) {
    this.#environment = environment
    this.#storage = storage
    this.#fail = fail
  }

  start(): void {
    const { failure } = this.#storage
    if (failure) return this.#fail(failure)
    this.#cancelTimer = this.#environment.setTimer(lookEveryMs, () => this.start())
  }

  stop(): void {
    this.#cancelTimer()
  }
}
