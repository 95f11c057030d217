/**
 * `pnpm mutants [PATTERN] [SEEDS]`: builds the product with each known bug in it and lets the simulator look for it. One
 * line a bug: the seeds it took, and what was said. Exit code 1 if one is not found.
 */
import { bugs } from './bugs.js'
import { hunt } from './hunt.js'

const [pattern = '', seedsMax = '300'] = process.argv.slice(2)
let missed = 0
for (const patch of bugs.filter(({ bug }) => bug.includes(pattern))) {
  const { found } = await hunt(patch, 1, Number(seedsMax))
  if (!found) missed += 1
  console.log(`${found ? String(found.seeds).padStart(4) : '   –'}  ${patch.bug}  │ ${found?.violation ?? 'not found'}`)
}
console.log(`${bugs.length} known bugs, ${missed} not found within ${seedsMax} seeds`)
process.exitCode = missed === 0 ? 0 : 1
