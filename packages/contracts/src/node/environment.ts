import { randomBytes } from 'node:crypto'
import type { Environment } from '../environment.js'

/** Real time and real dice. */
export function nodeEnvironment(): Environment {
  return {
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    setTimer(delayMs, run) {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
    yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
    randomBytes: (count) => new Uint8Array(randomBytes(count)),
  }
}
