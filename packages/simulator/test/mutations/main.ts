/**
 * `pnpm mutants [PATTERN] [SEEDS]`: builds the product with each known bug in it and lets the simulator look for it, in
 * disjoint ranges of seeds. One line a bug: the seeds it took. Exit code 1 if one is not found in one of the ranges.
 */
import { bugs } from './bugs.js'
import { hunterOf, type Hunter } from './hunt.js'
import { readOptions, usage, type MutantsOptions } from './options.js'
import { Results, type Result } from './results.js'
import type { KnownBug } from './known-bug.js'

/** Further apart than any range is long. */
const seedsBetweenRanges = 1_000_000

try {
  const options = readOptions(process.argv.slice(2))
  process.exitCode = options.isHealthy ? await searchHealthy(options) : await searchAll(options)
} catch (error) {
  if (!(error instanceof TypeError)) throw error
  console.log(`${error.message}\n\n${usage}`)
  process.exitCode = 2
}

async function searchAll(options: MutantsOptions): Promise<number> {
  const wanted = bugs.filter(({ bug }) => bug.includes(options.pattern))
  let found = 0
  for (const bug of wanted) {
    const results = await search(bug, bug.profile, options)
    const isFound = results.every(({ violation }) => violation !== null)
    if (isFound) found += 1
    const violation = results.find((result) => result.violation !== null)?.violation ?? 'not found'
    console.log(`${describe(results)}  ${bug.profile.padEnd(8)}  ${bug.bug}  │ ${violation}`)
  }
  console.log(`${found} of ${wanted.length} known bugs were found in each of ${options.ranges} ranges of seeds`)
  return found === wanted.length ? 0 : 1
}

/** Whoever finds something here has found a bug that nobody knew, or one of the tester. */
async function searchHealthy(options: MutantsOptions): Promise<number> {
  let alarms = 0
  const profiles = new Set(bugs.map(({ profile }) => profile).filter((profile) => profile.includes(options.pattern)))
  for (const profile of profiles) {
    for (const { seed, seeds, seconds, violation } of await search(null, profile, options)) {
      if (violation !== null) alarms += 1
      const said = violation === null ? 'nothing' : `seed ${seed}: ${violation}`
      console.log(`${String(seeds).padStart(5)} seeds, ${seconds.toFixed(0)} s  ${profile.padEnd(8)}  ${said}`)
    }
  }
  return alarms === 0 ? 0 : 1
}

async function search(
  bug: KnownBug | null,
  profile: KnownBug['profile'],
  { seedsMax, secondsMax, ranges, file }: MutantsOptions,
): Promise<readonly Result[]> {
  const kept = new Results(file)
  const results: Result[] = []
  let hunter: Hunter | null = null
  for (let at = 0; at < ranges; at += 1) {
    const range = { profile, firstSeed: 1 + at * seedsBetweenRanges, seedsMax, secondsMax }
    let result = kept.find(bug?.bug ?? null, range)
    if (result === null) {
      hunter ??= await hunterOf(bug)
      result = { bug: bug?.bug ?? null, ...range, ...(await hunter.hunt(range)) }
      kept.add(result)
    }
    results.push(result)
  }
  hunter?.close()
  return results
}

/** Seeds in each range, their median, and seconds of the processor. */
function describe(results: readonly Result[]): string {
  const seeds = results.map((result) => (result.violation === null ? Infinity : result.seeds))
  const median = seeds.toSorted((left, right) => left - right)[Math.floor(seeds.length / 2)] ?? Infinity
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0)
  const columns = [...seeds, median].map((count) => (count === Infinity ? '–' : String(count)).padStart(5))
  return `${columns.slice(0, -1).join('')}  median${columns.at(-1) ?? ''}  ${seconds.toFixed(0).padStart(4)} s`
}
