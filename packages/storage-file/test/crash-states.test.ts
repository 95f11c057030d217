import { afterAll, expect, test } from 'vitest'
import { explore, type Counts } from './crash-states/explore.js'
import { scenariosOf } from './crash-states/scenarios.js'
import { describeCounts, imagesIn } from './crash-states/table.js'

/** `pnpm crash-states` is the same with more of everything. */
const effort = { effectsMax: 10, tornEveryBytes: 4, recoverEvery: { first: 10, second: 40 } }
const scenarios = scenariosOf(0)
const counts = new Map<string, Counts>()

/**
 * W3, W17, W18, W19, W21, W24: after every operation, every subset of what no sync has covered, and each write torn, is
 * put on a disk and opened; and the same for the recovery from some of them, and for the recovery from that.
 */
test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
  'W23: every disk that power cuts may leave within %s, and twice within its recovery, is what it may be',
  async (_, scenario) => {
    const found = await explore(scenario, effort)
    counts.set(scenario.name, found)
    expect(found.act).toBeGreaterThan(20)
    expect(found.recovery).toBeGreaterThan(20)
    expect(found.secondRecovery).toBeGreaterThan(20)
  },
  120_000,
)

afterAll(() => {
  if (counts.size < scenarios.length) return
  const images = [...counts.values()].reduce((sum, each) => sum + imagesIn(each), 0)
  console.log(`${describeCounts(counts)}\n${images} images were opened and checked`)
  expect(images).toBeGreaterThanOrEqual(10_000)
})
