import { virtualTime } from '@quorate/conformance'
import type { MachineModule } from '@quorate/contracts'
import type { alarms } from './alarms/alarms.js'
import { AlarmSetters, ObservedAlarms } from './alarms/alarm-setters.js'
import { book, copiedBook, copiedLaterBook, laterBook } from './book/book.js'
import { Writers } from './book/writers.js'
import type { LoadSurroundings } from './load.js'
import { Run, type Tenants } from './run.js'
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
export function simulate(plan: Plan, subject: Subject, options: SimulateOptions): Promise<Report> {
  if (plan.theme === 'idle') {
    const observed = new ObservedAlarms()
    const load = (world: LoadSurroundings<typeof alarms>): AlarmSetters => new AlarmSetters(world, observed)
    return runPlan(plan, { subject, machine: observed.machine, load }, options)
  }
  const isHeld = plan.cluster.snapshots === 'held'
  const [machine, laterCode] = isHeld ? [book, laterBook] : [copiedBook, copiedLaterBook]
  const later = plan.theme === 'upgrades' ? laterCode : null
  const load = (world: LoadSurroundings<typeof book>): Writers => new Writers(world, later)
  return runPlan(plan, { subject, machine, load, ...(later ? { later } : {}) }, options)
}

/** Runs one plan with anybody's machine and callers. */
export async function runPlan<Machine extends MachineModule>(
  plan: Plan,
  tenants: Tenants<Machine>,
  options: SimulateOptions,
): Promise<Report> {
  const time = virtualTime({ settled: options.settled, seed: `${plan.seed}/time` })
  const run = new Run(plan, tenants, time, options.onEvent ?? null)
  const violation = await run.run()
  return {
    seed: plan.seed,
    violation: violation?.message ?? null,
    traceHash: run.trace.hash,
    events: run.trace.events,
    simulatedMs: Math.round(time.environment.monotonicMs()),
    acknowledged: run.load.acknowledged,
    counters: run.counters.all,
  }
}
