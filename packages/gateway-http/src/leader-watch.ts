import { QuorateError } from '@quorate/contracts'
import type { ServedReplica } from './options.js'

/** Whether it is worth handing a request to the replica, as far as that is known, without asking it each time. */
export class LeaderWatch {
  readonly #waiting = new Set<() => void>()
  readonly #began: Promise<void>
  #isLed = false
  #isStopped = false

  constructor(replica: ServedReplica) {
    let hasHeard = false
    replica.on('leadership', ({ leader }) => {
      hasHeard = true
      this.#isLed = leader !== null
      this.#wake()
    })
    replica.on('stopped', () => {
      this.#isStopped = true
      this.#wake()
    })
    this.#began = replica.status().then(({ leadership, state }) => {
      if (!hasHeard) this.#isLed = leadership.leader !== null
      if (state === 'stopped') this.#isStopped = true
    })
    this.#began.catch(() => {})
  }

  /**
   * Resolves when somebody leads or the replica has stopped, or refuses with `NO_LEADER`: a member that is cut off
   * should say so soon, while its client has time to ask another one.
   */
  async whenLed(timeoutMs: number, signal: AbortSignal): Promise<void> {
    await this.#began
    if (this.#isOpen || signal.aborted) return
    await new Promise<void>((resolve, reject) => {
      const forget = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        this.#waiting.delete(end)
      }
      const end = (): void => {
        forget()
        resolve()
      }
      const timer = setTimeout(() => {
        forget()
        reject(new QuorateError('NO_LEADER', `this member has known no leader for ${timeoutMs} ms: try another member`))
      }, timeoutMs)
      signal.addEventListener('abort', end)
      this.#waiting.add(end)
    })
  }

  get #isOpen(): boolean {
    return this.#isLed || this.#isStopped
  }

  #wake(): void {
    if (this.#isOpen) for (const end of [...this.#waiting]) end()
  }
}
