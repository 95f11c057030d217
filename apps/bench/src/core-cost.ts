/**
 * Nanoseconds that one committed entry takes, by the clock and of processor time in all threads of this process, as JSON.
 * A program of its own for each case: one after the other in the same process, each would run on code that was compiled
 * for all of them. As many entries as are measured go ahead of them, so that the compiler is done.
 *
 *     node core-cost.js BATCH CODEC ENTRIES
 */
import { ThreeCores } from './three-cores.js'
import { commandBytes, type Cost } from './workload.js'

const [batch, usesCodec, entries] = [Number(process.argv[2]), process.argv[3] === 'true', Number(process.argv[4])]
const data = new Uint8Array(commandBytes)
new ThreeCores(usesCodec).commit(entries, batch, data)
const cores = new ThreeCores(usesCodec)
cores.commit(Math.ceil(entries / 10), batch, data)
const begun = process.hrtime.bigint()
const used = process.cpuUsage()
cores.commit(entries, batch, data)
const { user, system } = process.cpuUsage(used)
const wall = Number(process.hrtime.bigint() - begun) / entries
const cost: Cost = { wall, processor: ((user + system) * 1_000) / entries }
console.log(JSON.stringify(cost))
