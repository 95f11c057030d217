import type { Environment } from '@quorate/contracts'

/**
 * So much of one turn of the event loop goes to requests, and what began within it: heartbeats of the member wait no longer
 * than this and one piece of work.
 */
const turnMs = 10

/**
 * Divides the work of requests over turns of the event loop. Many that arrive at once, each cheap, would otherwise be
 * carried out in one turn, and cost the leader its leadership. Client addresses that have to wait take turns.
 */
export class TurnBudget {
  readonly #environment: Pick<Environment, 'monotonicMs' | 'yieldTurn'>
  /** What waits, by the address it is for, in the order in which they are served. */
  readonly #waiting = new Map<string, (() => void)[]>()
  #usedMs = 0
  #isTurnAwaited = false

  constructor(environment: Pick<Environment, 'monotonicMs' | 'yieldTurn'>) {
    this.#environment = environment
  }

  /** Runs a piece of work for a client address now, or in the next turn that has time left. Ends as the work does. */
  run<Result>(network: string, work: () => Result | Promise<Result>): Promise<Result> {
    // Begins where it is called, and rejects if it throws.
    const ended = async (): Promise<Result> => work()
    return new Promise((resolve) => {
      const start = (): void => {
        const beganMs = this.#environment.monotonicMs()
        resolve(ended())
        this.#usedMs += Math.max(0, this.#environment.monotonicMs() - beganMs)
        this.#awaitTurn()
      }
      if (this.#waiting.size === 0 && this.#usedMs < turnMs) return start()
      const others = this.#waiting.get(network)
      if (others) others.push(start)
      else this.#waiting.set(network, [start])
    })
  }

  #awaitTurn(): void {
    if (this.#isTurnAwaited) return
    this.#isTurnAwaited = true
    void this.#environment.yieldTurn().then(() => {
      this.#isTurnAwaited = false
      this.#usedMs = 0
      this.#serve()
    })
  }

  #serve(): void {
    while (this.#usedMs < turnMs) {
      const [next] = this.#waiting
      if (next === undefined) return
      const [network, starts] = next
      const start = starts.shift()
      // The address goes to the end of the row.
      this.#waiting.delete(network)
      if (starts.length > 0) this.#waiting.set(network, starts)
      start?.()
    }
  }
}
