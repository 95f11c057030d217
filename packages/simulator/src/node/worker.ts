import { drawPlan, usualLimits } from '../plan/swarm.js'
import type { Profile } from '../plan/plan.js'
import { selectFrom, type Selection } from '../plan/select.js'
import { simulate, type Report } from '../simulate.js'
import type { Subject } from '../subject.js'
import type { TraceEvent } from '../trace.js'
import { settled } from './settled.js'

/** What plans are drawn of seeds. */
export interface Drawing {
  /** How long faults may happen, in milliseconds of virtual time. */
  readonly safetyMs: number
  readonly profile: Profile
}

/** What of a seed is run: which plan, and which part of it. */
export interface SeedOptions extends Partial<Drawing> {
  readonly selection?: Selection
  readonly onEvent?: (event: TraceEvent) => void
}

/** What a process that works for a campaign sends of each seed: what came of it, and the processor time that it took. */
export interface Worked {
  readonly report: Report
  readonly cpuMs: number
}

/** Runs the plan of one seed, or a part of it. */
export function runSeed(subject: Subject, seed: number, options: SeedOptions = {}): Promise<Report> {
  const { safetyMs = usualLimits.safetyMs, profile = 'any', selection = {}, onEvent } = options
  const plan = selectFrom(drawPlan(seed, { ...usualLimits, safetyMs, profile }), selection)
  return simulate(plan, subject, { settled, ...(onEvent ? { onEvent } : {}) })
}

/** Runs the seeds that the parent process asks for, one after the other, and sends what came of each. */
export async function work(subject: Subject, drawing: Drawing): Promise<void> {
  let spentUs = 0
  process.on('message', (seed: number) => {
    void runSeed(subject, seed, drawing).then((report) => {
      const { user, system } = process.cpuUsage()
      const worked: Worked = { report, cpuMs: (user + system - spentUs) / 1_000 }
      spentUs = user + system
      process.send?.(worked)
    })
  })
  await new Promise<void>((resolve) => void process.on('disconnect', () => resolve()))
}
