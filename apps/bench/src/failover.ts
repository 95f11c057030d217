/**
 * How long nobody is answered when the leader goes: three processes on TCP and files, default timeouts, a write offered
 * every 10 ms through every member.
 *
 *     node apps/bench/dist/failover.js [--kills 50] [--cut] [--directory DIRECTORY]
 *
 * The leader gets SIGKILL, or with `--cut` SIGSTOP: then its connections stay open and nothing tells that it is gone.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { Cluster } from './cluster.js'
import { medianOf } from './median.js'
import { tableOf } from './table.js'
import { Writes } from './writes.js'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    cut: { type: 'boolean', default: false },
    directory: { type: 'string', default: tmpdir() },
  },
})
const kills = z.coerce.number().int().min(1).parse(values.kills)

const directory = mkdtempSync(join(values.directory, 'quorate-failover-'))
const gaps: number[] = []
try {
  const cluster = await Cluster.start(3, directory)
  const writes = new Writes(cluster)
  for (let count = 0; count < kills; count += 1) gaps.push(await failover(cluster, writes))
  writes.end()
  await cluster.close()
} finally {
  rmSync(directory, { recursive: true, force: true })
}
console.log(`node apps/bench/dist/failover.js --kills ${kills}${values.cut ? ' --cut' : ''}`)
console.log(`three members, Node.js ${process.version}; milliseconds from the last acknowledged write to the next\n`)
const name = values.cut ? 'the leader stands still (SIGSTOP)' : 'the leader dies (SIGKILL)'
const figures = [medianOf(gaps), Math.min(...gaps), Math.max(...gaps)].map((gap) => gap.toFixed(0))
console.log(tableOf(['', 'times', 'median', 'best', 'worst'], [[name, String(kills), ...figures]]))

/** Takes the leader away at a random moment, and brings it back once another answers. Returns how long nobody did. */
async function failover(cluster: Cluster, writes: Writes): Promise<number> {
  await writes.acknowledgement()
  await pause(500 + Math.random() * 500)
  const { leader } = cluster
  const silence = writes.longestSilenceFromNow()
  if (values.cut) cluster.stop(leader)
  else await cluster.kill(leader)
  const gap = await silence
  if (values.cut) await cluster.resume(leader)
  else await cluster.restart(leader)
  return gap
}
