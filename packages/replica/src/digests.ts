import type { Environment } from '@quorate/contracts'
import type { Digest } from './digest.js'

/** How many times as long as a digest took the next one has to wait: digests take a tenth of a member's time at most. */
const pauseFactor = 9

/** Longest such pause, in milliseconds. */
const pauseMsMax = 60_000

/** What digests are made with. */
export interface DigestsHost {
  readonly environment: Pick<Environment, 'monotonicMs'>
  readonly digest: () => Promise<Digest>
  /** How much of the last so many milliseconds the machine slept: that was no work. */
  readonly sleptWithin: (ms: number) => number
}

/**
 * Digests for all who ask. A digest reads the whole state, so there is one at a time, which whoever asks meanwhile shares;
 * and whoever asks soon after gets the same one, which says at which position it was made. Sixty that are asked for at once
 * are the work of one.
 */
export class Digests {
  readonly #host: DigestsHost
  #latest: Promise<Digest> | null = null
  /** Until when the latest is given out, in monotonic milliseconds: for ever while it is being made. */
  #isKeptUntilMs = 0

  constructor(host: DigestsHost) {
    this.#host = host
  }

  /** Rejects with what the machine threw while its state was read; soon after, with the same. */
  take(): Promise<Digest> {
    const { environment, digest, sleptWithin } = this.#host
    const beganMs = environment.monotonicMs()
    if (this.#latest !== null && beganMs < this.#isKeptUntilMs) return this.#latest
    const latest = digest()
    this.#latest = latest
    this.#isKeptUntilMs = Infinity
    const onEnd = (): void => {
      const endMs = environment.monotonicMs()
      const tookMs = endMs - beganMs
      this.#isKeptUntilMs = endMs + Math.min(Math.max(0, tookMs - sleptWithin(tookMs)) * pauseFactor, pauseMsMax)
    }
    latest.then(onEnd, onEnd)
    return latest
  }
}
