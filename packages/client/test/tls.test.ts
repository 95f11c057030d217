import { createClient, type NodeClientOptions } from '@quorate/client/node'
import type { Client } from '@quorate/client'
import { httpGateway, type HttpGatewayOptions } from '@quorate/gateway-http'
import { counter } from '@quorate/machine-counter'
import { raft } from '@quorate/raft'
import type { Replica } from '@quorate/replica'
import { createReplica } from '@quorate/replica/node'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { beforeAll, expect, onTestFinished, test, afterAll } from 'vitest'
import { certificate } from '../../../tools/certificates/certificate.js'

type Counter = typeof counter

const { ca, ...shown } = certificate('gateway')
const encrypting = { ...shown }
const mutual = { ...shown, ca }

let replica: Replica<Counter>
beforeAll(async () => {
  const transport = memoryTransport({ hub: memoryHub() })
  const ports = { protocol: raft(), transport, storage: memoryStorage() }
  replica = await createReplica({ id: 'n1', members: { n1: 'n1:1' }, machine: counter, ...ports })
})
afterAll(() => replica.close())

/** The address of a gateway of the one member; it ends with the test. */
async function served(options: Partial<HttpGatewayOptions>): Promise<string> {
  const gateway = await httpGateway({ replica, machine: counter, address: '127.0.0.1:0', ...options })
  onTestFinished(() => gateway.close())
  return gateway.address
}

/** A client of these addresses, which gives up soon; it ends with the test. */
function clientOf(
  addresses: readonly string[],
  tls?: NodeClientOptions<Counter>['tls'],
  options: Partial<NodeClientOptions<Counter>> = {},
): Client<Counter> {
  const client = createClient({
    ...{ machine: counter, addresses: [...addresses], timeoutMs: 200, closeTimeoutMs: 1, ...options },
    ...(tls && { tls }),
  })
  onTestFinished(() => client.close())
  return client
}

test.each([
  ['that only encrypts', encrypting, { ca }],
  ['that wants a certificate', mutual, certificate('client')],
  ['that wants a certificate, with that of a member', mutual, certificate('a')],
])('commands and queries pass a gateway %s', async (_, tls, mine) => {
  const client = clientOf([await served({ tls })], mine, { timeoutMs: 5_000 })
  const sum = await client.commands.add({ by: 2 })
  expect(await client.queries.value()).toBe(sum)
})
