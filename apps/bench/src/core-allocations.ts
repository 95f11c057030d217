/**
 * Bytes that one committed entry allocates, on all three members together, as JSON. A program of its own, because it needs
 * flags: a young generation so large that nothing is collected while it measures (checked, and said by the exit code),
 * so that what the heap and the array buffers grew by is all that was allocated.
 *
 *     node --expose-gc --max-semi-space-size=512 --min-semi-space-size=512 core-allocations.js BATCH CODEC
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { ThreeCores } from './three-cores.js'
import { commandBytes } from './workload.js'

const [batch, usesCodec] = [Number(process.argv[2]), process.argv[3] === 'true']
const entries = 12_800
const { gc } = globalThis
if (!gc) throw new Error('run this with --expose-gc')

const collections: number[] = []
new PerformanceObserver((list) => collections.push(...list.getEntries().map((entry) => entry.startTime))).observe({
  entryTypes: ['gc'],
})
const data = new Uint8Array(commandBytes)
new ThreeCores(usesCodec).commit(entries, batch, data)
const cores = new ThreeCores(usesCodec)
gc()
const begun = performance.now()
const before = allocated()
cores.commit(entries, batch, data)
const after = allocated()
await turn()
if (collections.some((at) => at > begun)) throw new Error('a collection ran while this was measured')
console.log(JSON.stringify(Math.round((after - before) / entries)))

function allocated(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Observers hear of collections in a later turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
