import { simulate, type Report } from '../simulate.js'
import { drawPlan } from '../plan/swarm.js'
import { selectFrom, type Selection } from '../plan/select.js'
import type { Subject } from '../subject.js'
import type { TraceEvent } from '../trace.js'

/** A turn of the real event loop: the promises that are ready have run after it. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** Runs the plan of one seed, or a part of it. */
export function runSeed(
  subject: Subject,
  seed: number,
  selection: Selection = {},
  onEvent?: (event: TraceEvent) => void,
): Promise<Report> {
  return simulate(selectFrom(drawPlan(seed), selection), subject, { settled, ...(onEvent ? { onEvent } : {}) })
}

/** Runs the seeds that the parent process asks for, one after the other, and sends what came of each. */
export async function work(subject: Subject): Promise<void> {
  process.on('message', (seed: number) => {
    void runSeed(subject, seed).then((report) => process.send?.(report))
  })
  await new Promise<void>((resolve) => void process.on('disconnect', () => resolve()))
}
