/**
 * `pnpm crash-states [EVERY] [BYTES] [SHAPE] [SCENARIO]`: the long run. One image in EVERY (all of them, if 1) is recovered
 * under a second power cut, and of what that leaves one in five times as many under a third; writes are torn at multiples
 * of BYTES; another SHAPE has records of other lengths.
 */
import { explore, type Counts } from './explore.js'
import { scenariosOf } from './scenarios.js'
import { describeCounts, imagesIn } from './table.js'

const [every = 1, tornEveryBytes = 1, shape = 0] = process.argv.slice(2, 5).map(Number)
const only = process.argv[5]
const counts = new Map<string, Counts>()
for (const scenario of scenariosOf(shape)) {
  if (only !== undefined && scenario.name !== only) continue
  const recoverEvery = { first: every, second: 5 * every }
  const found = await explore(scenario, { effectsMax: 10, tornEveryBytes, recoverEvery })
  counts.set(scenario.name, found)
  console.log(`${scenario.name}: ${imagesIn(found)} images, and each is what it may be`)
}
console.log(describeCounts(counts))
