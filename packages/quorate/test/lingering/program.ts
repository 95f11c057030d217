/** A program that gives up, and says what keeps it alive then. Deadlines that nobody set are longer than the test. */
import { createServer } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { join } from 'node:path'
import type { Storage, Transport } from '@quorate/contracts'
import * as quorate from '../../src/index.js'

const [what = '', directory = ''] = process.argv.slice(2)
const members = { n1: '127.0.0.1:7001', n2: '127.0.0.1:9', n3: '127.0.0.1:10' }
const code = (error: unknown): unknown => (error instanceof quorate.QuorateError ? error.outcome : error)

async function client(address: string): Promise<void> {
  const { commands, queries } = quorate.createClient({
    machine: quorate.counter,
    addresses: [address],
    timeoutMs: 600_000,
  })
  await Promise.all([
    commands.add({ by: 1 }, { timeoutMs: 100 }).catch(code),
    queries.value({ timeoutMs: 100 }).catch(code),
  ])
}

async function member(transport: Transport, storage: Storage): Promise<void> {
  const replica = await quorate.createReplica({
    ...{ id: 'n1', members, machine: quorate.counter, protocol: quorate.raft(), transport, storage },
    timeoutMs: 600_000,
  })
  const gateway = await quorate.httpGateway({ replica, machine: quorate.counter, address: '127.0.0.1:0' })
  await client(gateway.address)
  await replica.commands.add({ by: 1 }, { timeoutMs: 50 }).catch(code)
  const given = replica.queries.value().catch(code)
  await gateway.close()
  await replica.close()
  await given
}

async function answered(): Promise<void> {
  const replica = await quorate.createReplica({
    ...{ id: 'n1', members: { n1: '127.0.0.1:7001' }, machine: quorate.counter, protocol: quorate.raft() },
    ...{ transport: quorate.memoryTransport(), storage: quorate.memoryStorage() },
  })
  const gateway = await quorate.httpGateway({ replica, machine: quorate.counter, address: '127.0.0.1:0' })
  const { commands } = quorate.createClient({ machine: quorate.counter, addresses: [gateway.address] })
  await commands.add({ by: 1 })
  await gateway.close()
  await replica.close()
}

async function hanging(): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => {}).unref()).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const bound = server.address()
  await client(`127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`)
  server.unref()
}

const file = (): Storage => quorate.fileStorage({ directory: join(directory, what.replaceAll(' ', '-')) })
if (what === 'a client of nobody') await client('127.0.0.1:9')
else if (what === 'a client of a member that hangs') await hanging()
else if (what === 'a client that was answered') await answered()
else if (what === 'a member over TCP') await member(quorate.tcpTransport({ listen: '127.0.0.1:0' }), file())
else await member(quorate.httpTransport({ listen: '127.0.0.1:0' }), file())

// What was ended is gone after a turn or two; what still waits for a timer, an answer or a peer is not.
for (let turns = 0; turns < 20 && alive().length > 0; turns += 1) await turn()
console.log(alive().join(' ') || 'nothing')

/** Output, and work of this turn, keep no process alive. */
function alive(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => !/^(PipeWrap|TTYWrap|Immediate|FSReqPromise|FSReqCallback)$/.test(kind))
}
