/** Addresses of `b` at which nobody answers, and what the link to it is said to be: what is tried, the address, the words. */
export const unreachable: readonly (readonly [what: string, address: string, says: string])[] = [
  ['a port where nobody listens', '127.0.0.1:1', 'b gone: nobody listens on 127.0.0.1:1'],
  ['a name that is not found', `${'x'.repeat(64)}:1`, `b down: ${'x'.repeat(64)}:1: this name is not found`],
]

/** Options of a transport that dials again at once, in milliseconds. */
export const often = { reconnectMinMs: 1, reconnectMaxMs: 1 }

interface Timers {
  setTimer(delayMs: number, run: () => void): () => void
}

/** The same environment, which counts dials of {@link often}: timers of two milliseconds at most. */
export function countingRedials<Real extends Timers>(
  real: Real,
): { readonly environment: Real; readonly redials: () => number } {
  let redials = 0
  const setTimer: Timers['setTimer'] = (delayMs, run) => {
    if (delayMs <= 2) redials += 1
    return real.setTimer(delayMs, run)
  }
  return { environment: { ...real, setTimer }, redials: () => redials }
}
