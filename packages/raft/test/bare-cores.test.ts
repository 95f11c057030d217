import { expect, test } from 'vitest'
import { runSchedule } from './bare-cores/schedule.js'

/** One seed alone with `SEED=4711`, another number of them with `SEEDS=20000`. */
const only = process.env['SEED']
const seeds = Number(process.env['SEEDS'] ?? 1_000)
const steps = 6_000

test.skipIf(only !== undefined)(
  `${seeds} seeds of two to five bare cores keep every promise of Figure 3, and recover`,
  { timeout: 300_000 + seeds * 100 },
  () => {
    const total = { commits: 0, reads: 0, crashes: 0 }
    for (let seed = 1; seed <= seeds; seed += 1) {
      const result = runSchedule(seed, steps)
      total.commits += result.commits
      total.reads += result.reads
      total.crashes += result.crashes
    }
    console.log(
      `${seeds} seeds: ${total.commits} entries committed, ${total.reads} reads answered, ${total.crashes} crashes`,
    )
    // A schedule in which nothing happens proves nothing.
    expect(total.commits).toBeGreaterThan(seeds * 10)
    expect(total.reads).toBeGreaterThan(seeds)
    expect(total.crashes).toBeGreaterThan(seeds)
  },
)

test.runIf(only !== undefined)(`seed ${only} of the bare cores`, () => {
  console.log(runSchedule(Number(only), steps))
})
