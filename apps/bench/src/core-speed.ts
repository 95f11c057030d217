/**
 * What one entry costs in the core: time and bytes allocated until three members in one process have delivered it.
 *
 *     node apps/bench/dist/core-speed.js [--runs 7] [--entries 100000]
 *
 * Entries are those of a run at batch 1; a run of larger batches has four times as many.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { medianOf } from './median.js'
import { tableOf } from './table.js'
import { batches, codecs, commandBytes, type Cost } from './workload.js'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '7' }, entries: { type: 'string', default: '100000' } },
})
const countSchema = z.coerce.number().int().min(1)
const runs = countSchema.parse(values.runs)
const entries = countSchema.parse(values.entries)

const costSchema = z.object({ wall: z.number(), processor: z.number() })
const flagsOfAllocations = ['--expose-gc', '--max-semi-space-size=512', '--min-semi-space-size=512']

interface Case {
  readonly batch: number
  readonly usesCodec: boolean
  readonly costs: Cost[]
}

const cases: Case[] = codecs.flatMap((usesCodec) => batches.map((batch) => ({ batch, usesCodec, costs: [] })))
// Round by round, so that a noisy minute falls on all of them alike.
for (let round = 0; round < runs; round += 1) for (const each of cases) each.costs.push(costOf(each))
const rows = cases.map((each) => [
  each.usesCodec ? 'yes' : 'no',
  String(each.batch),
  medianOf(each.costs.map(({ wall }) => wall)).toFixed(0),
  Math.min(...each.costs.map(({ wall }) => wall)).toFixed(0),
  medianOf(each.costs.map(({ processor }) => processor)).toFixed(0),
  String(outputOf(flagsOfAllocations, 'core-allocations.js', each)),
])
const head = ['codec', 'batch', 'ns per entry', 'fastest run', 'CPU ns per entry', 'bytes per entry']
console.log(`node apps/bench/dist/core-speed.js --runs ${runs} --entries ${entries}`)
console.log(`three members, commands of ${commandBytes} bytes, Node.js ${process.version}\n`)
console.log(tableOf(head, rows))

function costOf(each: Case): Cost {
  const count = each.batch === 1 ? entries : 4 * entries
  return costSchema.parse(outputOf([], 'core-cost.js', each, String(count)))
}

/** What a program beside this one prints about a case. */
function outputOf(flags: readonly string[], program: string, { batch, usesCodec }: Case, ...more: string[]): unknown {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const output = execFileSync(process.execPath, [...flags, path, String(batch), String(usesCodec), ...more])
  return JSON.parse(output.toString())
}
