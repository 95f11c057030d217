/**
 * A member in a process of its own: `member.ts OPTIONS`, as JSON. It answers `add` and `value` of its parent with the
 * counter's value.
 */
import { httpGateway } from '@quorate/gateway-http'
import { counter } from '@quorate/machine-counter'
import { raft } from '@quorate/raft'
import { createReplica } from '@quorate/replica/node'
import { fileStorage } from '@quorate/storage-file/node'
import { tcpTransport } from '@quorate/transport-tcp'
import { z } from 'zod'

const optionsSchema = z.strictObject({
  id: z.string(),
  cluster: z.string(),
  members: z.record(z.string(), z.string()),
  directory: z.string(),
  /** Where its gateway listens. */
  gateway: z.string(),
})
const { directory, gateway, ...options } = optionsSchema.parse(JSON.parse(process.argv[2] ?? ''))

const replica = await createReplica({
  ...options,
  machine: counter,
  protocol: raft({ electionTimeoutMs: [500, 1_000] }),
  transport: tcpTransport(),
  storage: fileStorage({ directory, segmentBytes: 64 * 1024 }),
  snapshotEveryEntries: 8,
  timeoutMs: 60_000,
})
await httpGateway({ replica, machine: counter, address: gateway })
process.on('message', (asked) => {
  const answer = asked === 'add' ? replica.commands.add({ by: 1 }) : replica.queries.value()
  answer.then(
    (value) => process.send?.(value),
    (error: unknown) => process.send?.(String(error)),
  )
})
process.send?.('ready')
