import { seededRandom, type Environment } from '@quorate/contracts'

/** Time that only passes when it is told to: the next thing due runs at its moment, and nothing waits in between. */
export interface VirtualTime {
  readonly environment: Environment
  /** How often something waited for its turn without waiting for time. */
  readonly turns: () => number
  /** Runs everything that is due within the next `ms` milliseconds. */
  pass(ms: number): Promise<void>
}

interface Due {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export function virtualTime(): VirtualTime {
  const random = seededRandom(1)
  let now = 0
  let order = 0
  let turns = 0
  const agenda = new Set<Due>()
  const schedule = (delayMs: number, run: () => void): (() => void) => {
    const due = { atMs: now + delayMs, order: (order += 1), run }
    agenda.add(due)
    return () => void agenda.delete(due)
  }
  const environment: Environment = {
    monotonicMs: () => now,
    wallMs: () => now,
    setTimer: schedule,
    yieldTurn: () => {
      turns += 1
      return new Promise((resolve) => void schedule(0, resolve))
    },
    randomBytes: (count) => Uint8Array.from({ length: count }, () => random.nextInt(256)),
  }
  const next = (): Due | undefined =>
    [...agenda].sort((left, right) => left.atMs - right.atMs || left.order - right.order)[0]
  const pass = async (ms: number): Promise<void> => {
    const until = now + ms
    for (;;) {
      await settled()
      const due = next()
      if (!due || due.atMs > until) break
      agenda.delete(due)
      now = due.atMs
      due.run()
    }
    now = until
  }
  return { environment, turns: () => turns, pass }
}

/** Resolves when the promises that are ready have run, and those that they made ready. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
