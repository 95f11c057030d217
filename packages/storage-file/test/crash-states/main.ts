/**
 * `pnpm crash-states [EVERY] [BYTES]`: the long run. Of EVERY images one is recovered under further power cuts,
 * and writes are torn at multiples of BYTES.
 */
import { explore, type Counts } from './explore.js'
import { scenarios } from './scenarios.js'
import { describeCounts, imagesIn } from './table.js'

const [every = 2, tornEveryBytes = 1] = process.argv.slice(2).map(Number)
const counts = new Map<string, Counts>()
for (const scenario of scenarios) {
  const recoverEvery = { first: every, second: 3 * every }
  const found = await explore(scenario, { effectsMax: 10, tornEveryBytes, recoverEvery })
  counts.set(scenario.name, found)
  console.log(`${scenario.name}: ${imagesIn(found)} images, and each is what it may be`)
}
console.log(describeCounts(counts))
