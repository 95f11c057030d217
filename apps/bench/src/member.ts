/**
 * One member, as a process of its own: a replica on TCP and a write-ahead log, with defaults everywhere. It proposes the
 * writes that it is asked to, through its own replica, and says which were acknowledged. It ends when the process that
 * started it is gone.
 */
import { counter } from '@quorate/machine-counter'
import { raft } from '@quorate/raft'
import { createReplica } from '@quorate/replica/node'
import { fileStorage } from '@quorate/storage-file/node'
import { tcpTransport } from '@quorate/transport-tcp'
import { memberConfigSchema, offerSchema, type MemberMessage } from './member-message.js'

/** A write waits this long for a majority. What becomes of those that wait longer is not measured. */
const timeoutMs = 2_000

process.on('SIGINT', () => {})
process.once('disconnect', () => process.exit(0))
const { id, cluster, members, directory } = memberConfigSchema.parse(JSON.parse(process.argv[2] ?? 'null'))
const replica = await createReplica({
  id,
  cluster,
  members,
  machine: counter,
  protocol: raft(),
  transport: tcpTransport(),
  storage: fileStorage({ directory }),
})
replica.on('leadership', ({ leader, epoch }) => say({ kind: 'leadership', leader, epoch }))
process.on('message', (message) => {
  const { write } = offerSchema.parse(message)
  replica.commands.add({ by: 1 }, { timeoutMs }).then(
    () => say({ kind: 'acknowledged', write }),
    () => {},
  )
})
say({ kind: 'listening' })

function say(message: MemberMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}
