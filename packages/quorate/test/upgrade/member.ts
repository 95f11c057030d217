/**
 * A member in a process of its own: `member.ts OPTIONS`, as JSON; `version` says which release of the shop it runs. It
 * answers each `{ asked, what, order }` of its parent with `{ asked, value }` or `{ asked, code, outcome }`.
 */
import { QuorateError } from '@quorate/contracts'
import { raft } from '@quorate/raft'
import type { Replica } from '@quorate/replica'
import { createReplica } from '@quorate/replica/node'
import { fileStorage } from '@quorate/storage-file/node'
import { tcpTransport } from '@quorate/transport-tcp'
import { z } from 'zod'
import { firstShop, secondShop } from './shop.js'

const optionsSchema = z.strictObject({
  id: z.string(),
  members: z.record(z.string(), z.string()),
  directory: z.string(),
  version: z.union([z.literal(1), z.literal(2)]),
})
const questionSchema = z.object({ asked: z.int(), what: z.string(), order: z.int() })

const { directory, version, ...options } = optionsSchema.parse(JSON.parse(process.argv[2] ?? ''))
const replica = await createReplica({
  ...options,
  machine: version === 1 ? firstShop : secondShop,
  protocol: raft({ electionTimeoutMs: [400, 800], tailEntriesMax: 20 }),
  transport: tcpTransport(),
  storage: fileStorage({ directory }),
  snapshotEveryEntries: 40,
  timeoutMs: 10_000,
})

function carryOut(what: string, order: number): Promise<unknown> {
  switch (what) {
    case 'sell':
      return replica.commands.sell(order)
    case 'give':
      return (replica as Replica<typeof secondShop>).commands.give(order)
    case 'all':
      return replica.queries.all()
    case 'status':
      return replica.status({ digest: true })
    default:
      return replica.close().then(() => process.exit(0))
  }
}

replica.on('stopped', ({ reason }) => {
  if (reason === null) return
  console.error(reason.message)
  process.exit(1)
})
process.on('message', (question) => {
  const { asked, what, order } = questionSchema.parse(question)
  carryOut(what, order).then(
    (value) => process.send?.({ asked, value }),
    (error: unknown) => {
      const known = error instanceof QuorateError ? error : null
      process.send?.({ asked, code: known?.code ?? String(error), outcome: known?.outcome ?? 'unknown' })
    },
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
