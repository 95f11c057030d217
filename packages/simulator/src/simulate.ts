import { virtualTime } from '@quorate/conformance'
import { Run } from './run.js'
import type { Plan } from './plan/plan.js'
import type { Subject } from './subject.js'
import type { TraceEvent } from './trace.js'

/** What one run came to. */
export interface Report {
  readonly seed: number
  /** What must never be, and was; null if all held. */
  readonly violation: string | null
  readonly traceHash: string
  readonly events: number
  readonly simulatedMs: number
  readonly acknowledged: number
  readonly counters: Readonly<Record<string, number>>
}

/** What a run needs of its host. */
export interface SimulateOptions {
  /** Resolves when the promises that are ready have run: a turn of the real event loop. */
  readonly settled: () => Promise<void>
  readonly onEvent?: (event: TraceEvent) => void
}

/** Runs one plan on one protocol: a safety phase with faults, then a liveness phase without, and looks at all of it. */
export async function simulate(plan: Plan, subject: Subject, options: SimulateOptions): Promise<Report> {
  const time = virtualTime({ settled: options.settled, seed: `${plan.seed}/time` })
  const run = new Run(plan, subject, time, options.onEvent ?? null)
  const violation = await run.run()
  return {
    seed: plan.seed,
    violation: violation?.message ?? null,
    traceHash: run.trace.hash,
    events: run.trace.events,
    simulatedMs: Math.round(time.environment.monotonicMs()),
    acknowledged: run.history.appends.filter(({ place }) => place !== null).length,
    counters: run.counters.all,
  }
}
