/**
 * What one entry costs in the core: time and bytes allocated until three members in one process have delivered it.
 *
 *     node apps/bench/dist/core-speed.js [--runs 7] [--entries 100000]
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { medianOf } from './median.js'
import { tableOf } from './table.js'
import { ThreeCores } from './three-cores.js'
import { batches, codecs, commandBytes } from './workload.js'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '7' }, entries: { type: 'string', default: '100000' } },
})
const countSchema = z.coerce.number().int().min(1)
const runs = countSchema.parse(values.runs)
const entries = countSchema.parse(values.entries)

const allocations = fileURLToPath(new URL('core-allocations.js', import.meta.url))
const flags = ['--expose-gc', '--max-semi-space-size=512', '--min-semi-space-size=512']

interface Case {
  readonly batch: number
  readonly usesCodec: boolean
  readonly costs: Cost[]
}

/** Nanoseconds for one entry: by the clock, and of processor time in all threads of this process. */
interface Cost {
  readonly wall: number
  readonly processor: number
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
  bytesPerEntry(each),
])
const head = ['codec', 'batch', 'ns per entry', 'fastest run', 'CPU ns per entry', 'bytes per entry']
console.log(`node apps/bench/dist/core-speed.js --runs ${runs} --entries ${entries}`)
console.log(`three members, commands of ${commandBytes} bytes, Node.js ${process.version}\n`)
console.log(tableOf(head, rows))

function costOf({ batch, usesCodec }: Case): Cost {
  const data = new Uint8Array(commandBytes)
  const cores = new ThreeCores(usesCodec)
  cores.commit(Math.ceil(entries / 10), batch, data)
  const begun = process.hrtime.bigint()
  const used = process.cpuUsage()
  cores.commit(entries, batch, data)
  const { user, system } = process.cpuUsage(used)
  const wall = Number(process.hrtime.bigint() - begun) / entries
  return { wall, processor: ((user + system) * 1_000) / entries }
}

function bytesPerEntry({ batch, usesCodec }: Case): string {
  const output = execFileSync(process.execPath, [...flags, allocations, String(batch), String(usesCodec)])
  return String(JSON.parse(output.toString()))
}
