/**
 * `victims.ts CONFIG`: two members of a cluster of three, with gateways, in a process of their own, so that what an attack
 * costs them is told apart from what it costs the attacker.
 */
import { readFileSync } from 'node:fs'
import { createReplica, httpGateway, memoryStorage, raft } from 'quorate'
import { z } from 'zod'
import { LoopWatch, unitCpuMs, type Load } from './load.js'
import { notes } from './notes.js'
import { certificatesSchema, transportNames, transportOf } from './transports.js'

/** What the process is told when it starts. */
export const victimsConfigSchema = z.strictObject({
  transport: z.enum(transportNames),
  members: z.record(z.string(), z.strictObject({ address: z.string(), clientAddress: z.string().optional() })),
  /** Its own members, with the files of their certificates. */
  own: z.record(z.string(), certificatesSchema),
})
export type VictimsConfig = z.infer<typeof victimsConfigSchema>

/** What it says: what a unit costs once it serves, and then what it was asked for. */
export type VictimsMessage =
  { readonly kind: 'serving'; readonly unitCpuMs: number } | { readonly kind: 'load'; readonly load: Load }

let lines = 0
const count = (): void => void (lines += 1)
const logger = { debug() {}, info() {}, warn: count, error: count }

process.on('SIGINT', () => {})
process.once('disconnect', () => process.exit(0))
const config = victimsConfigSchema.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')))
// Before anybody leads: it takes so long that a leader would be deposed.
const unit = unitCpuMs()
const watch = new LoopWatch()
const replicas = await Promise.all(
  Object.entries(config.own).map(async ([id, certificates]) => {
    const replica = await createReplica({
      ...{ id, members: config.members, machine: notes, protocol: raft(), storage: memoryStorage(), logger },
      transport: transportOf(config.transport, certificates, { logger }),
    })
    const address = config.members[id]?.clientAddress ?? ''
    await httpGateway({ replica, machine: notes, address, logger })
    return replica
  }),
)
const [first] = replicas
await first?.commands.write({ text: '' }, { timeoutMs: 60_000 })
watch.start()
process.on('message', () => void load().then((load) => say({ kind: 'load', load })))
say({ kind: 'serving', unitCpuMs: unit })

async function load(): Promise<Load> {
  const taken = watch.take()
  const all = await Promise.all(replicas.map((replica) => replica.status()))
  const epoch = Math.max(...all.map(({ leadership }) => leadership.epoch))
  return { ...taken, lines, epoch }
}

function say(message: VictimsMessage): void {
  process.send?.(message, undefined, undefined, () => {})
}
