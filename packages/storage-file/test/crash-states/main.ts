/**
 * `pnpm crash-states [EVERY] [BYTES]`: the long run. One image in EVERY (all of them, if 1) is recovered under a second
 * power cut, and of what that leaves one in five times as many under a third; writes are torn at multiples of BYTES.
 */
import { explore, type Counts } from './explore.js'
import { scenarios } from './scenarios.js'
import { describeCounts, imagesIn } from './table.js'

const [every = 1, tornEveryBytes = 1] = process.argv.slice(2).map(Number)
const counts = new Map<string, Counts>()
for (const scenario of scenarios) {
  const recoverEvery = { first: every, second: 5 * every }
  const found = await explore(scenario, { effectsMax: 10, tornEveryBytes, recoverEvery })
  counts.set(scenario.name, found)
  console.log(`${scenario.name}: ${imagesIn(found)} images, and each is what it may be`)
}
console.log(describeCounts(counts))
