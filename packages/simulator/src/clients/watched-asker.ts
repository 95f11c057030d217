import type { CallersTold } from '../invariants/callers-told.js'
import type { Asker, Called, Ending, Seen } from './asker.js'

/** An asker, and somebody who compares what it is told with what is applied. */
export class WatchedAsker implements Asker {
  readonly #asker: Asker
  readonly #told: CallersTold

  constructor(asker: Asker, told: CallersTold) {
    this.#asker = asker
    this.#told = told
  }

  async command(called: Called): Promise<Ending> {
    this.#told.onAsked(called.request)
    const ending = await this.#asker.command(called)
    if (ending.kind === 'notDone') this.#told.onNotDone(called.request)
    return ending
  }

  query(called: Called, consistency: 'linearizable' | 'local'): Promise<Seen | null> {
    return this.#asker.query(called, consistency)
  }

  pause(ms: number): Promise<void> {
    return this.#asker.pause(ms)
  }
}
