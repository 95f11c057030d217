import { once } from 'node:events'
import type { Cluster } from './cluster.js'

const intervalMs = 10

/** Offers a write every 10 ms, and remembers when which was acknowledged. */
export class Writes {
  readonly #cluster: Cluster
  readonly #timer: NodeJS.Timeout
  #offered = 0
  #lastMs = performance.now()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    cluster.on('acknowledged', () => (this.#lastMs = performance.now()))
    this.#timer = setInterval(() => cluster.offer((this.#offered += 1)), intervalMs)
  }

  end(): void {
    clearInterval(this.#timer)
  }

  /** Resolves with the next write that is acknowledged. */
  async acknowledgement(): Promise<void> {
    await once(this.#cluster, 'acknowledged')
  }

  /**
   * Resolves when a write that is offered later than now is acknowledged, with the longest time in milliseconds without
   * any, from the last one before now. What was offered earlier may still be acknowledged, by either leader.
   */
  longestSilenceFromNow(): Promise<number> {
    const offeredBefore = this.#offered
    let longestMs = 0
    let lastMs = this.#lastMs
    return new Promise((resolve) => {
      const onAcknowledged = (write: number): void => {
        const nowMs = performance.now()
        longestMs = Math.max(longestMs, nowMs - lastMs)
        lastMs = nowMs
        if (write <= offeredBefore) return
        this.#cluster.off('acknowledged', onAcknowledged)
        resolve(longestMs)
      }
      this.#cluster.on('acknowledged', onAcknowledged)
    })
  }
}
