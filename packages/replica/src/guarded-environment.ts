import type { Environment } from '@quorate/contracts'

/**
 * The environment of a replica whose timers run inside fail-stop: one that throws stops the member in order, with the
 * reason, where it would have ended the process. Timers of its transport are among them.
 */
export function guardedEnvironment(real: Environment, fail: (error: unknown) => void): Environment {
  return {
    monotonicMs: () => real.monotonicMs(),
    wallMs: () => real.wallMs(),
    yieldTurn: () => real.yieldTurn(),
    randomBytes: (count) => real.randomBytes(count),
    setTimer: (delayMs, run) => real.setTimer(delayMs, guarded(run, fail)),
  }
}

/** A callback that stops the member where it throws. */
export function guarded<Arguments extends readonly unknown[], Result>(
  run: (...given: Arguments) => Result,
  fail: (error: unknown) => void,
): (...given: Arguments) => Result | undefined {
  return (...given) => {
    try {
      return run(...given)
    } catch (error) {
      fail(error)
      return undefined
    }
  }
}
