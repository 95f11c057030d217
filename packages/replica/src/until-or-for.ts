import type { Environment } from '@quorate/contracts'

/** Resolves when the work is done, or after so long, in milliseconds. The timer does not outlive it. */
export async function untilOrFor(work: Promise<void>, environment: Environment, ms: number): Promise<void> {
  let cancelTimer = (): void => {}
  const timeout = new Promise<void>((resolve) => {
    cancelTimer = environment.setTimer(ms, resolve)
  })
  try {
    await Promise.race([work, timeout])
  } finally {
    cancelTimer()
  }
}
