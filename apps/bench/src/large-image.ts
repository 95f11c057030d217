/**
 * A large snapshot beside heartbeats: three processes on TCP and files; the third one joins when the others have compacted
 * their logs, and is sent an image, while a write is offered every 10 ms.
 *
 *     node apps/bench/dist/large-image.js [--mib 1024] [--directory DIRECTORY]
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

/** More than members write between two snapshots. */
const firstWrites = 5_200
const quietSeconds = 10
const newcomer = 'n3'

const { values } = parseArgs({
  options: { mib: { type: 'string', default: '1024' }, directory: { type: 'string', default: tmpdir() } },
})
const mib = z.coerce.number().int().min(1).parse(values.mib)

/** What happened in one stretch of time. */
interface Stretch {
  readonly seconds: number
  readonly latencies: readonly number[]
  readonly silenceMs: ReadonlyMap<string, number>
  readonly elections: number
}

const directory = mkdtempSync(join(values.directory, 'quorate-large-image-'))
try {
  const cluster = await Cluster.start(3, directory, {
    file: 'image-member.js',
    args: [String(mib)],
    absent: [newcomer],
  })
  const saved = Promise.all(['n1', 'n2'].map((id) => snapshotOf(cluster, id, 'saved')))
  for (let write = 1; write <= firstWrites; write += 1) cluster.offerTo(cluster.leader, -write)
  await saved
  await pause(1_000)
  const before = await during(cluster, pause(quietSeconds * 1_000))
  const installed = snapshotOf(cluster, newcomer, 'installed')
  const joined = cluster.restart(newcomer)
  const meanwhile = await during(cluster, installed)
  await joined
  await cluster.close()
  report(before, meanwhile)
} finally {
  rmSync(directory, { recursive: true, force: true })
}

/** Resolves when a member says that it has saved, or installed, a snapshot. */
function snapshotOf(cluster: Cluster, id: string, how: 'saved' | 'installed'): Promise<void> {
  return new Promise((resolve) => {
    cluster.on('told', (who, message) => {
      if (who === id && message.kind === 'snapshot' && message.how === how) resolve()
    })
  })
}

/** Offers a write to the leader every 10 ms until that is over, and says how the cluster fared. */
async function during(cluster: Cluster, work: Promise<void>): Promise<Stretch> {
  const [startMs, epoch] = [performance.now(), cluster.epoch]
  const offeredMs = new Map<number, number>()
  const latencies: number[] = []
  const silenceMs = new Map<string, number>()
  const onAcknowledged = (write: number): void => {
    const sentMs = offeredMs.get(write)
    if (sentMs !== undefined) latencies.push(performance.now() - sentMs)
  }
  const onTold: Parameters<typeof cluster.on<'told'>>[1] = (id, message) => {
    if (message.kind === 'silence' && id !== cluster.leader)
      silenceMs.set(id, Math.max(silenceMs.get(id) ?? 0, message.ms))
  }
  cluster.on('acknowledged', onAcknowledged).on('told', onTold)
  let write = 0
  const timer = setInterval(() => {
    write += 1
    offeredMs.set(write, performance.now())
    cluster.offerTo(cluster.leader, write)
  }, 10)
  await work
  clearInterval(timer)
  cluster.off('acknowledged', onAcknowledged).off('told', onTold)
  return { seconds: (performance.now() - startMs) / 1_000, latencies, silenceMs, elections: cluster.epoch - epoch }
}

function report(before: Stretch, meanwhile: Stretch): void {
  console.log(`node apps/bench/dist/large-image.js --mib ${mib}`)
  console.log(`an image of ${mib} MiB was sent and installed in ${meanwhile.seconds.toFixed(1)} s; milliseconds\n`)
  const row = (name: string, { latencies, silenceMs, elections }: Stretch): string[] => [
    name,
    medianOf([...latencies]).toFixed(1),
    Math.max(...latencies).toFixed(0),
    [...silenceMs].map(([id, ms]) => `${id} ${ms.toFixed(0)}`).join(', '),
    String(elections),
  ]
  const head = ['', 'writes, median', 'worst', 'longest without a heartbeat', 'elections']
  console.log(tableOf(head, [row('before', before), row('while it is sent', meanwhile)]))
}
