import { X509Certificate } from 'node:crypto'
import { createServer } from 'node:https'
import { once } from 'node:events'
import { createServer as createPlainServer } from 'node:http'
import { connect, type TLSSocket } from 'node:tls'
import { position, QuorateError, silentLogger, splitAddress, type Environment } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { httpGateway, httpHandler, type PeerCertificate } from '@quorate/gateway-http'
import { counter } from '@quorate/machine-counter'
import { expect, onTestFinished, test, vi } from 'vitest'
import { certificate } from '../../../tools/certificates/certificate.js'
import { ActedReplica, ask, clientOptions, connection, gatewayOf, until } from './members.js'

const mutual = certificate('gateway')
const { ca, ...encrypting } = mutual
const never = new ActedReplica(() => Promise.reject(new Error('nothing should have reached the replica')))
const willing = () => new ActedReplica(() => Promise.resolve({ position: position(1), result: Uint8Array.of(7) }))
const aliveRequest = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n'

/** What was said to the log, and a logger that notes it. */
function notes() {
  const lines: string[] = []
  const warn = (_: object, line: string): void => void lines.push(line)
  return { lines, logger: { ...silentLogger, warn } }
}

test.each([
  ['none', undefined, /the other side shows no certificate/],
  ['one of another authority', 'forged-a', /not of an authority that is trusted here/],
  ['one that has expired', 'expired-a', /has expired/],
  ['one that is for servers alone', 'server-only', /not for this purpose/],
])('a connection that shows no certificate of a client is answered nothing: %s', async (_, name, said) => {
  const { lines, logger } = notes()
  const gateway = await gatewayOf({ replica: never, tls: mutual, logger })
  const { cert, key } = certificate(name ?? 'a')
  const shown = name === undefined ? {} : { cert, key }
  for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
    const { socket, received, closed } = await connection(gateway, undefined, {
      ...{ ca, servername: 'gateway.example', maxVersion },
      ...shown,
    })
    socket.write(aliveRequest)
    await closed
    expect(received()).toBe('')
  }
  expect(lines).toHaveLength(2)
  for (const line of lines) expect(line).toMatch(said)
  expect((await ask(gateway, '/healthz', { method: 'GET' })).status).toBe(200)
})

test('without ca a gateway encrypts, and asks for no certificate', async () => {
  const gateway = await gatewayOf({ replica: willing(), tls: encrypting })
  const { socket, received } = await connection(gateway, undefined, { ca, servername: 'gateway.example' })
  socket.write(aliveRequest)
  await until(() => received().startsWith('HTTP/1.1 200 '))
})

test('whoever speaks plain HTTP to a gateway of TLS is told what to do, and nothing else', async () => {
  const { lines, logger } = notes()
  const gateway = await gatewayOf({ replica: never, tls: mutual, logger })
  const { socket, received, closed } = await connection(gateway, undefined, null)
  socket.write(`POST /v1/commands/add HTTP/1.1\r\nhost: localhost\r\ncontent-length: 8\r\n\r\n{"by":1}`)
  await closed
  const [head, body] = received().split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 400 /)
  const message = 'this gateway speaks TLS alone: use https, and give createClient the option tls'
  expect(JSON.parse(body ?? '')).toEqual({
    error: { code: 'CONNECTION_LOST', outcome: 'notDone', message, leader: null },
  })
  expect(lines.join()).toMatch(/does not speak TLS.*give its client the option tls/)
})

test('who begins with TLS is refused by a gateway without it, which goes on', async () => {
  const gateway = await gatewayOf({ replica: willing() })
  const { closed } = await connection(gateway, undefined, clientOptions())
  await closed
  expect((await ask(gateway, '/healthz', { method: 'GET' })).status).toBe(200)
})

const onlyWeb = (certificate: PeerCertificate | null): boolean => certificate?.name === 'web-1'

test('mayBeClient lets in whom it names, and refuses every other, members included, before a body is read', async () => {
  const gateway = await gatewayOf({ replica: willing(), tls: mutual, mayBeClient: onlyWeb })
  const body = '{"by":1}'
  expect(await ask(gateway, '/v1/commands/add', { body })).toMatchObject({ status: 200 })
  const refused = { status: 403, json: { error: { code: 'FORBIDDEN', outcome: 'notDone' } } }
  for (const path of ['/v1/commands/add', '/v1/queries/value', '/v1/sessions', '/nothing']) {
    expect(await ask(gateway, path, { shows: 'a' }), path).toMatchObject(refused)
  }
  for (const path of ['/healthz', '/readyz', '/metrics', '/v1/status?digest=true']) {
    expect(await ask(gateway, path, { shows: 'a', method: 'GET' }), path).toMatchObject(refused)
  }
  const { socket, received, closed } = await connection(gateway, undefined, clientOptions('a'))
  socket.write('POST /v1/commands/add HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n')
  await closed
  expect(received()).toMatch(/^HTTP\/1\.1 403 /)
})

test('mayBeClient widens nothing: it is not asked about whom the authority has not signed', async () => {
  const mayBeClient = vi.fn(() => true)
  const gateway = await gatewayOf({ replica: never, tls: mutual, mayBeClient })
  const { socket, received, closed } = await connection(gateway, undefined, clientOptions('forged-a'))
  socket.write(aliveRequest)
  await closed
  expect(received()).toBe('')
  expect(mayBeClient).not.toHaveBeenCalled()
})

test.each([
  [
    'throws',
    (): boolean => {
      throw new Error('the list is gone')
    },
    /which failed: the list is gone/,
  ],
  ['answers later', (async () => true) as unknown as () => boolean, /which failed: mayBeClient returned a promise/],
  [
    'answers something else',
    (() => 'yes') as unknown as () => boolean,
    /refused by the option mayBeClient \(no certificate\)$/,
  ],
])('a predicate that %s refuses, and a flood of it is told in ten lines', async (_, mayBeClient, said) => {
  const { lines, logger } = notes()
  const gateway = await gatewayOf({ replica: never, mayBeClient, logger })
  for (let count = 0; count < 15; count += 1) {
    expect(await ask(gateway, '/healthz', { method: 'GET' })).toMatchObject({ status: 403 })
  }
  expect(lines).toHaveLength(10)
  expect(lines[0]).toMatch(said)
})

test('mayBeClient is asked at each request: who is barred meanwhile is refused on a connection that stands', async () => {
  const barred = new Set<string>()
  const mayBeClient = (shown: PeerCertificate | null): boolean => shown !== null && !barred.has(shown.fingerprint256)
  const gateway = await gatewayOf({ replica: willing(), tls: mutual, mayBeClient })
  const { socket, received } = await connection(gateway, undefined, clientOptions())
  socket.write(aliveRequest)
  await until(() => received().startsWith('HTTP/1.1 200 '))
  barred.add(new X509Certificate(certificate('client').cert).fingerprint256)
  socket.write(aliveRequest)
  await until(() => received().includes('HTTP/1.1 403 '))
})

test('in a server of the user, mayBeClient is given the certificate that was checked, and null for every other connection', async () => {
  const seen: (string | null)[] = []
  const mayBeClient = (shown: PeerCertificate | null): boolean => {
    seen.push(shown?.name ?? null)
    return true
  }
  const handler = httpHandler({ replica: willing(), machine: counter, mayBeClient })
  const lenient = createServer({ ...mutual, requestCert: true, rejectUnauthorized: false }, handler)
  const unasking = createServer(encrypting, handler)
  const plain = createPlainServer(handler)
  const ways: readonly (readonly [typeof lenient | typeof plain, string | null])[] = [
    [lenient, 'client'],
    [lenient, 'forged-a'],
    [lenient, 'expired-a'],
    [unasking, 'client'],
    [plain, null],
  ]
  for (const [server, name] of ways) {
    if (!server.listening) {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      onTestFinished(() => void server.close())
    }
    const bound = server.address()
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0
    const gateway = { address: `127.0.0.1:${port}` }
    const { socket, received } = await connection(gateway, undefined, name === null ? null : clientOptions(name))
    socket.write(aliveRequest)
    await until(() => received().startsWith('HTTP/1.1 200 '))
    socket.destroy()
  }
  expect(seen).toEqual(['web-1', null, null, null, null])
})

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'no connection resumes an earlier one: each shows its certificate (%s)',
  async (maxVersion) => {
    const gateway = await gatewayOf({ replica: willing(), tls: mutual, mayBeClient: onlyWeb })
    const first = await connection(gateway, undefined, { ...clientOptions(), maxVersion })
    let session: Buffer | undefined
    first.socket.on('session', (given: Buffer) => (session = given))
    first.socket.write(aliveRequest)
    await until(() => first.received().startsWith('HTTP/1.1 200 '))
    session ??= (first.socket as TLSSocket).getSession()
    const second = await connection(gateway, undefined, {
      ...clientOptions('a'),
      maxVersion,
      ...(session && { session }),
    })
    expect((second.socket as TLSSocket).isSessionReused()).toBe(false)
    second.socket.write(aliveRequest)
    await until(() => second.received().startsWith('HTTP/1.1 403 '))
  },
)

test('a connection is not renegotiated, and nothing older than TLS 1.2 is spoken', async () => {
  const gateway = await gatewayOf({ replica: willing(), tls: mutual })
  const { socket } = await connection(gateway, undefined, { ...clientOptions(), maxVersion: 'TLSv1.2' })
  const refused = new Promise((resolve) => socket.once('error', resolve))
  ;(socket as TLSSocket).renegotiate({}, (error) => expect(error).toBeInstanceOf(Error))
  expect(await refused).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' })
  const old = connect({ ...splitAddress(gateway.address), ...clientOptions(), ...oldest })
  const [error] = (await once(old, 'error')) as [Error]
  expect(error.message).toMatch(/protocol version/)
})

const oldest = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const

test('a handshake that never ends is ended, however often a byte of it comes, and counts as a connection', async () => {
  const deadlines: (() => void)[] = []
  const real = nodeEnvironment()
  const environment: Environment = {
    ...real,
    setTimer: (delayMs, run) => {
      if (delayMs === 60_000) deadlines.push(run)
      return real.setTimer(delayMs, run)
    },
  }
  const limits = { headersTimeoutMs: 60_000, requestTimeoutMs: 60_000, connectionsMax: 3, addressShare: 1 }
  const gateway = await gatewayOf({ replica: willing(), tls: mutual, environment, ...limits })
  const slow = [await connection(gateway, undefined, null), await connection(gateway, undefined, null)]
  for (const { socket } of slow) socket.write(Buffer.of(0x16))
  const third = await connection(gateway, undefined, clientOptions())
  third.socket.write(aliveRequest)
  await until(() => third.received().startsWith('HTTP/1.1 200 '))
  const fourth = await connection(gateway, undefined, null)
  await fourth.closed
  for (const { socket } of slow) socket.write(Buffer.of(0x03))
  for (const end of deadlines) end()
  await Promise.all(slow.map(({ closed }) => closed))
  expect(third.socket.destroyed).toBe(false)
  // What they took is given back.
  await until(() =>
    ask(gateway, '/healthz', { method: 'GET' }).then(
      ({ status }) => status === 200,
      () => false,
    ),
  )
})

test('a gateway closes at once although some are in their handshake, and some have sent nothing since', async () => {
  const gateway = await gatewayOf({ replica: willing(), tls: mutual, closeTimeoutMs: 600_000 })
  const begun = await connection(gateway, undefined, null)
  begun.socket.write(Buffer.of(0x16))
  const silent = await connection(gateway, undefined, clientOptions())
  await gateway.close()
  await Promise.all([begun.closed, silent.closed])
})

test('certificates that were replaced count for the next connection; authorities cannot be dropped that way', async () => {
  let given: () => object = () => mutual
  const { lines, logger } = notes()
  const gateway = await gatewayOf({ replica: willing(), tls: () => given() as typeof mutual, logger })
  const shown = async (): Promise<string> => {
    const { socket } = await connection(gateway, undefined, { ...clientOptions(), rejectUnauthorized: false })
    return (socket as TLSSocket).getPeerCertificate().fingerprint256
  }
  const first = await shown()
  given = () => certificate('expired-gateway')
  const renewed = await shown()
  expect(renewed).not.toBe(first)
  given = () => encrypting
  expect(await shown()).toBe(renewed)
  const { closed } = await connection(gateway, undefined, {
    ca,
    servername: 'gateway.example',
    rejectUnauthorized: false,
  })
  await closed
  expect(lines[0]).toMatch(/the last ones stay: ca can be neither added nor left out/)
  given = () => ({ ...mutual, ca: certificate('a', 'stranger').ca })
  const stranger = await connection(gateway, undefined, { ...certificate('forged-a'), rejectUnauthorized: false })
  stranger.socket.write(aliveRequest)
  await until(() => stranger.received().startsWith('HTTP/1.1 200 '))
})

test('the first certificates have to be good ones', async () => {
  const options = { replica: willing(), machine: counter, address: '127.0.0.1:0' }
  const bad = { ...mutual, key: certificate('a').key }
  await expect(httpGateway({ ...options, tls: bad })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
  await expect(httpGateway({ ...options, tls: () => ({}) as typeof mutual })).rejects.toThrow(/Give cert and key/)
  expect(options.replica.listeners).toBe(0)
})

test('who is sent on to the leader is sent there by https', async () => {
  const leader = { id: 'n2', clientAddress: '127.0.0.1:9' }
  const replica = new ActedReplica(() => Promise.reject(new QuorateError('NOT_LEADER', 'not here', { leader })))
  const gateway = await gatewayOf({ replica, tls: mutual })
  const answer = await ask(gateway, '/v1/commands/add', { body: '{"by":1}' })
  expect(answer).toMatchObject({ status: 307, headers: { location: 'https://127.0.0.1:9/v1/commands/add' } })
})
