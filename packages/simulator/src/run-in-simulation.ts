import type { MachineModule } from '@quorate/contracts'
import { drawPlan, usualLimits } from './plan/swarm.js'
import { runPlan, type Report, type SimulateOptions } from './simulate.js'
import type { Subject } from './subject.js'
import { WorkloadLoad, type Workload } from './workload.js'

/** How a machine is tried. */
export interface SimulationOptions extends SimulateOptions {
  readonly subject: Subject
  /** The first seed, and how many. Default: 20 from 1 on. */
  readonly firstSeed?: number
  readonly seeds?: number
  /** How long faults may happen in each run, in milliseconds of virtual time. Default 8,000. */
  readonly safetyMs?: number
}

/** What trying a machine came to. */
export interface SimulationOutcome {
  /** The run that went wrong; null if none did. Its seed alone, as `firstSeed` with `seeds: 1`, goes wrong again. */
  readonly failed: Report | null
  readonly runs: number
  readonly acknowledged: number
}

/**
 * Runs a machine of your own in whole clusters under faults, seed by seed, until something goes wrong: members that
 * compute different results or states from the same commands, a command that is lost or applied twice, or what the
 * workload's own check says.
 */
export async function runInSimulation<Machine extends MachineModule>(
  machine: Machine,
  workload: Workload<Machine>,
  options: SimulationOptions,
): Promise<SimulationOutcome> {
  const { subject, firstSeed = 1, seeds = 20, safetyMs = usualLimits.safetyMs } = options
  let acknowledged = 0
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const plan = drawPlan(seed, { ...usualLimits, safetyMs, except: ['replaced', 'idle'] })
    const report = await runPlan(
      plan,
      { subject, machine, load: (world) => new WorkloadLoad(world, machine, workload) },
      options,
    )
    acknowledged += report.acknowledged
    if (report.violation !== null) return { failed: report, runs: seed - firstSeed + 1, acknowledged }
  }
  return { failed: null, runs: seeds, acknowledged }
}
