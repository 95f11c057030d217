/** `main.ts [SIZE] [clients|peers]`: what hostile clients, peers and certificates cost the members, and that an honest client goes on. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleSources } from '../../../../tools/source-bundle.mjs'
import { clientAttacks } from './clients.js'
import { peerAttacks } from './peers.js'
import { Target, type Cost } from './target.js'
import { transportNames } from './transports.js'

const [given = '1', what = 'all'] = process.argv.slice(2)
const size = Number(given)
const sizes = {
  bodies: 16 * size,
  requests: 500 * size,
  connections: 256,
  frames: 20_000 * size,
  directories: 20 * size,
}
const directory = await mkdtemp(join(tmpdir(), 'quorate-hostile-'))
const program = join(directory, 'victims.mjs')
// This program runs as a bundle, so that it finds the sources from where it was called: the root.
await bundleSources(join(process.cwd(), 'packages/quorate/test/hostile/victims.ts'), program)
const setting = { program, directory, certificates: join(process.cwd(), 'tools/certificates') }
try {
  if (what !== 'peers') await clients()
  for (const transport of what === 'clients' ? [] : transportNames) await peers(transport)
} finally {
  await rm(directory, { recursive: true })
}

async function clients(): Promise<void> {
  const target = await Target.start(setting, 'tcp')
  for (const [name, attack] of clientAttacks) tell(await target.suffer(name, (each) => attack(each, sizes)))
  await target.close()
}

async function peers(transport: (typeof transportNames)[number]): Promise<void> {
  for (const [name, attack] of peerAttacks) {
    const target = await Target.start(setting, transport)
    tell(await target.suffer(`${name} (${transport})`, (each) => attack(each, sizes)))
    await target.close()
  }
}

function tell(cost: Cost): void {
  const ms = (value: number): string => `${value.toFixed(0)} ms`
  const ratio = (cost.answeredBytes / Math.max(1, cost.sentBytes)).toFixed(3)
  console.log(
    `${cost.name}: ${cost.sent} sent, ${ratio} bytes answered per byte; stalls ${ms(cost.longestStallMs)} (${ms(cost.longestStallCpuMs)} of a processor) at most; ` +
      `memory ${(cost.grownBytes / 2 ** 20).toFixed(0)} MiB more; ${cost.lines} lines; ${cost.elections} elections; ` +
      `honest: ${cost.writes} writes, ${cost.refused} refused, longest ${ms(cost.longestWriteMs)}`,
  )
}
