/** Runs simulated clusters on every Node.js that we promise: the same seed has to give the same trace on each, and twice. */
import { nodeBinary } from './pick-and-mix/node-versions.mjs'
import { conclude } from './repository.mjs'
import { runOrThrow } from './run.mjs'
import { programBundle } from './program-bundle.mjs'

const seeds = [7, 15, 21]
const versions = [20, 22, 24]

const bundle = await programBundle('packages/simulator/test/sim/main.ts')
const binaries = await Promise.all(versions.map(nodeBinary))
const problems = []
for (const seed of seeds) {
  const traces = [await traceOf(binaries[0], seed)]
  for (const binary of binaries) traces.push(await traceOf(binary, seed))
  const [once, ...others] = traces
  console.log(`seed ${seed}: ${once}`)
  if (others.some((trace) => trace !== once))
    problems.push(`seed ${seed} on Node.js 20, ${versions.join(', ')}: ${traces.join(', ')}`)
}
conclude(
  'same trace',
  problems,
  `${seeds.length} seeds, each twice on Node.js 20 and on ${versions.slice(1).join(' and ')}`,
)

async function traceOf(binary, seed) {
  const said = await runOrThrow(binary, [bundle, '--seed', String(seed)])
  const trace = /^trace (\S+ of \d+ events)$/m.exec(said)?.[1]
  if (!trace) throw new Error(`seed ${seed} told no trace:\n${said}`)
  return trace
}
