/**
 * A member in a process of its own: `member.ts OPTIONS`, as JSON. It says `ready`, or why it does not start, and answers
 * `add`, `value`, `snapshot` and `close` of its parent.
 */
import { QuorateError } from '@quorate/contracts'
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
  mayMove: z.boolean(),
})
const { directory, mayMove, ...options } = optionsSchema.parse(JSON.parse(process.argv[2] ?? ''))

try {
  const replica = await createReplica({
    ...options,
    machine: counter,
    protocol: raft({ electionTimeoutMs: [1_000, 2_000] }),
    transport: tcpTransport(),
    storage: fileStorage({ directory, mayMove, segmentBytes: 64 * 1024 }),
    timeoutMs: 60_000,
  })
  const answers: Record<string, () => Promise<unknown>> = {
    add: () => replica.commands.add({ by: 1 }),
    value: () => replica.queries.value(),
    snapshot: () => replica.snapshot(),
    close: () => replica.close().then(() => 'closed'),
  }
  process.on('message', (asked) => {
    answers[String(asked)]?.().then(
      (value) => process.send?.(value),
      (error: unknown) => process.send?.(String(error)),
    )
  })
  process.send?.('ready')
} catch (error) {
  process.send?.(error instanceof QuorateError ? `${error.code}: ${error.message}` : String(error))
  process.disconnect?.()
}
