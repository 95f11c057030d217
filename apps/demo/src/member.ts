/**
 * One member, as a process of its own: a replica on TCP or HTTP and a write-ahead log, and a gateway for its clients.
 *
 * It ends when it is asked to, when its replica stops, and when the process that started it is gone. A terminal's
 * Ctrl-C reaches every process of the demo at once; this one leaves the order of things to the one that started it.
 */
import { counter } from '@quorate/machine-counter'
import { kv } from '@quorate/machine-kv'
import { describeError, type MachineModule } from '@quorate/contracts'
import { httpGateway } from '@quorate/gateway-http'
import { raft } from '@quorate/raft'
import { createReplica } from '@quorate/replica/node'
import { fileStorage } from '@quorate/storage-file/node'
import { httpTransport } from '@quorate/transport-http'
import { tcpTransport } from '@quorate/transport-tcp'
import { closeRequest, memberConfigSchema, type MemberConfig, type MemberMessage } from './member-message.js'

process.on('SIGINT', () => {})
try {
  await run(memberConfigSchema.parse(JSON.parse(process.argv[2] ?? 'null')))
} catch (error) {
  say({ kind: 'failed', reason: describeError(error) }, () => process.exit(1))
}

function run(config: MemberConfig): Promise<void> {
  return config.machine === 'kv' ? runMachine(config, kv) : runMachine(config, counter)
}

async function runMachine<Machine extends MachineModule>(config: MemberConfig, machine: Machine): Promise<void> {
  const { id, cluster, members, directory, transport, electionTimeoutMs, snapshotEvery } = config
  const replica = await createReplica({
    id,
    cluster,
    members,
    machine,
    protocol: raft({
      ...(electionTimeoutMs && { electionTimeoutMs }),
      ...(snapshotEvery && { tailEntriesMax: snapshotEvery }),
    }),
    transport: transport === 'http' ? httpTransport() : tcpTransport(),
    storage: fileStorage({ directory }),
    ...(snapshotEvery && { snapshotEveryEntries: snapshotEvery }),
  })
  replica.on('leadership', ({ leader, epoch }) => say({ kind: 'leadership', leader, epoch }))
  replica.on('snapshot', ({ how, position }) => say({ kind: 'snapshot', how, position }))
  replica.on('warning', ({ code, message }) => say({ kind: 'warning', code, message }))
  replica.on('stopped', ({ reason }) => {
    if (reason) say({ kind: 'failed', reason: reason.message }, () => process.exit(1))
  })
  const gateway = await httpGateway({ replica, machine, address: members[id]?.clientAddress ?? '' })
  const close = async (): Promise<void> => {
    await gateway.close()
    await replica.close()
    process.exit(0)
  }
  process.on('message', (message) => {
    if (message === closeRequest) void close()
  })
  process.once('SIGTERM', () => void close())
  process.once('disconnect', () => void close())
  say({ kind: 'listening' })
}

/** Tells the process that started this one. Once that is gone there is nobody to tell. */
function say(message: MemberMessage, then: () => void = () => {}): void {
  if (process.send && process.connected) process.send(message, undefined, undefined, then)
  else then()
}
