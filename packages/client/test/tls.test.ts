import { createClient, nodeHttp, type NodeClientOptions } from '@quorate/client/node'
import type { Client } from '@quorate/client'
import { QuorateError } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { httpGateway, type HttpGatewayOptions } from '@quorate/gateway-http'
import { counter } from '@quorate/machine-counter'
import { raft } from '@quorate/raft'
import type { Replica } from '@quorate/replica'
import { createReplica } from '@quorate/replica/node'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { beforeAll, expect, onTestFinished, test, afterAll } from 'vitest'
import { certificate } from '../../../tools/certificates/certificate.js'
import { deserted } from './fake-members.js'

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

test('whoever is sent on to the leader goes there by https', async () => {
  const address = await deserted()
  const [hub, id] = [memoryHub(), 'n1']
  const ports = { protocol: raft(), transport: memoryTransport({ hub }), storage: memoryStorage() }
  const members = { n1: { address: 'n1:1', clientAddress: address } }
  const alone = await createReplica({ id, members, machine: counter, ...ports })
  onTestFinished(() => alone.close())
  const gateway = await httpGateway({ replica: alone, machine: counter, tls: mutual, address })
  onTestFinished(() => gateway.close())
  const leader = { id, clientAddress: address }
  const sendOn = () => Promise.reject(new QuorateError('NOT_LEADER', 'another one leads', { leader }))
  const follower = {
    ...{ id: alone.id, clusterId: alone.clusterId, propose: sendOn, query: sendOn, openSession: sendOn },
    closeSession: sendOn,
    hasSession: () => false,
    status: () => alone.status(),
    metrics: () => alone.metrics(),
    on: alone.on.bind(alone),
  }
  const client = clientOf([await served({ replica: follower, tls: mutual })], certificate('client'), {
    timeoutMs: 5_000,
  })
  expect(await client.commands.add({ by: 2 })).toBe(2)
  expect(await client.queries.value()).toBe(2)
})

/** A client and a gateway that cannot come together: their options `tls`, and what the client says of it. */
interface Disagreement {
  readonly what: string
  readonly gateway: HttpGatewayOptions['tls'] | undefined
  readonly client: NodeClientOptions<Counter>['tls'] | undefined
  readonly says: RegExp
}

const { cert: otherCert, key: otherKey } = certificate('forged-a')

const disagreements: readonly Disagreement[] = [
  {
    what: 'the client trusts another authority',
    gateway: encrypting,
    client: { ca: certificate('a', 'stranger').ca },
    says: /could not be made: the certificate of the other side is not of an authority that is trusted here/,
  },
  {
    what: 'the client trusts the authorities of Node.js',
    gateway: encrypting,
    client: {},
    says: /could not be made: the certificate of the other side is not of an authority that is trusted here/,
  },
  {
    what: 'the certificate of the gateway has expired',
    gateway: certificate('expired-gateway'),
    client: certificate('client'),
    says: /could not be made: the certificate of the other side has expired/,
  },
  {
    what: 'the certificate of the gateway is for another host',
    gateway: certificate('a'),
    client: certificate('client'),
    says: /could not be made: the other side shows another's certificate \(.*127\.0\.0\.1/,
  },
  {
    what: 'the certificate of the gateway is not for the name that was given',
    gateway: encrypting,
    client: { ca, serverName: 'other.example' },
    says: /could not be made: the other side shows another's certificate \(.*other\.example/,
  },
  {
    what: 'the client shows no certificate, and is asked for one',
    gateway: mutual,
    client: { ca },
    says: /could not be made: the other side asks for a certificate, and was shown none/,
  },
  {
    what: 'the client speaks TLS alone',
    gateway: undefined,
    client: { ca },
    says: /could not be made: the other side does not speak TLS.*give the gateway the option tls, or the client none/,
  },
  {
    what: 'the gateway speaks TLS alone',
    gateway: mutual,
    client: undefined,
    says: /this gateway speaks TLS alone: use https, and give createClient the option tls/,
  },
  {
    what: 'the certificate of the client is of another authority',
    gateway: mutual,
    client: { ca, cert: otherCert, key: otherKey },
    says: /as by one that does not accept the certificate of this client, or its lack: its log says why/,
  },
  {
    what: 'the certificate of the client has expired',
    gateway: mutual,
    client: certificate('expired-a'),
    says: /as by one that does not accept the certificate of this client, or its lack: its log says why/,
  },
]

test.each(disagreements)('a command is not done, and the error says why in words: $what', async (pair) => {
  const address = await served(pair.gateway ? { tls: pair.gateway } : {})
  const before = await replica.queries.value()
  const client = clientOf([address], pair.client)
  const error: unknown = await client.commands.add({ by: 1 }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'NO_LEADER', outcome: 'notDone' })
  expect(error).toMatchObject({ message: expect.stringMatching(pair.says) as string })
  const status: unknown = await client.status(address, { timeoutMs: 5_000 }).catch((thrown: unknown) => thrown)
  expect(status).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'notDone' })
  expect(status).toMatchObject({ message: expect.stringMatching(pair.says) as string })
  expect(await replica.queries.value()).toBe(before)
})

/** Dice that have a client begin with the first of its addresses. */
const real = nodeEnvironment()
const first = {
  ...real,
  randomBytes: (count: number) => (count === 1 ? new Uint8Array(1) : real.randomBytes(count)),
}

test.each([
  [
    'a gateway whose certificate has expired',
    { tls: certificate('expired-gateway') },
    { tls: mutual },
    certificate('client'),
  ],
  ['a gateway that speaks no TLS', {}, { tls: encrypting }, { ca }],
  ['a gateway that asks for a certificate', { tls: mutual }, { tls: encrypting }, { ca }],
  ['a gateway that speaks TLS alone', { tls: mutual }, {}, undefined],
] as const)(
  'the next member is tried after %s, also with what may be sent once alone',
  async (_, closed, open, tls) => {
    const addresses = [await served(closed), await served(open)]
    for (const sessions of [true, false]) {
      const client = clientOf(addresses, tls, { timeoutMs: 5_000, sessions, environment: first })
      const before = await replica.queries.value()
      expect(await client.commands.add({ by: 1 })).toBe(before + 1)
    }
  },
)

test('a certificate that is not accepted costs a session the next member, and leaves what may be sent once in doubt', async () => {
  const addresses = [await served({ tls: mutual }), await served({ tls: encrypting })]
  const options = { timeoutMs: 5_000, environment: first }
  const tls = { ca, cert: otherCert, key: otherKey }
  expect(await clientOf(addresses, tls, options).commands.add({ by: 1 })).toBeGreaterThan(0)
  // A server of Node.js ends such a connection without a word of TLS, as one does that dies after it has read.
  const once = clientOf(addresses, tls, { ...options, sessions: false })
  await expect(once.commands.add({ by: 1 })).rejects.toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown' })
})

test('a certificate that mayBeClient refuses is a typed error at once, and not done', async () => {
  const mayBeClient: HttpGatewayOptions['mayBeClient'] = (shown) => shown?.name === 'web-1'
  const address = await served({ tls: mutual, mayBeClient })
  for (const sessions of [true, false]) {
    const client = clientOf([address], certificate('a'), { timeoutMs: 60_000, sessions })
    const refused = { code: 'FORBIDDEN', outcome: 'notDone' }
    await expect(client.commands.add({ by: 1 })).rejects.toMatchObject(refused)
    await expect(client.queries.value()).rejects.toMatchObject(refused)
    await expect(client.status()).rejects.toMatchObject(refused)
  }
  expect(await clientOf([address], certificate('client')).queries.value()).toBeGreaterThanOrEqual(0)
})

test('serverName is compared with the certificate in the place of the host', async () => {
  const address = await served({ tls: encrypting })
  const client = clientOf([address], { ca, serverName: 'gateway.example' })
  expect(await client.queries.value()).toBeGreaterThanOrEqual(0)
})

test('what the function gives counts for the next connection, and what cannot be used leaves the last', async () => {
  const address = await served({ tls: mutual })
  let given: () => object = () => ({ ca: certificate('a', 'stranger').ca })
  const client = clientOf([address], () => given())
  await expect(client.queries.value()).rejects.toThrow(/not of an authority that is trusted here/)
  given = () => certificate('client')
  expect(await client.queries.value({ timeoutMs: 5_000 })).toBeGreaterThanOrEqual(0)
  given = () => {
    throw new Error('the file is being written')
  }
  expect(await client.queries.value({ timeoutMs: 5_000 })).toBeGreaterThanOrEqual(0)
})

test.each([
  [{ tls: { ca, cert: otherCert } }, /must have cert and key, or neither/],
  [{ tls: { ca: 'nothing' } }, /cannot be used.*Give ca/],
  [{ tls: { ca, serverName: '10.0.0.1' } }, /no IP address/],
  [{ tls: { ca }, http: nodeHttp() }, /give tls to nodeHttp/],
])('options that do not fit are refused: %#', (options, says) => {
  const create = () => createClient({ machine: counter, addresses: ['127.0.0.1:1'], ...options })
  expect(create).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }))
  expect(create).toThrow(says)
})
