import { once } from 'node:events'
import { connect as connectTls, createServer, type TLSSocket } from 'node:tls'
import type { AddressInfo, Socket } from 'node:net'
import { nodeId, splitAddress, type Credentials, type Environment, type TransportHost } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { tcpTransport } from '@quorate/transport-tcp'
import { expect, onTestFinished, test } from 'vitest'
import { certificate } from '../../../tools/certificates/certificate.js'
import { greetingAs, introduce, member, rawClient, rawServer, until, type RawClient } from './members.js'

/** A connection under TLS with this certificate, or none, that says a hello as soon as it may. */
async function tlsClient(
  address: string,
  name: string | null,
): Promise<Omit<RawClient, 'socket'> & { socket: TLSSocket }> {
  const { cert, key } = certificate(name ?? 'a')
  const shown = name === null ? {} : { cert: Buffer.from(cert), key: Buffer.from(key) }
  const socket = connectTls({ ...splitAddress(address), ...shown, rejectUnauthorized: false })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => {})
  socket.once('secureConnect', () => socket.write(greetingAs('a')))
  onTestFinished(() => void socket.destroy())
  const closed = new Promise((resolve) => socket.once('close', resolve))
  return { socket, received: () => Buffer.concat(chunks), closed }
}

/** A server with this certificate in the place of a member, and what it was told. It answers what it is given to say. */
async function tlsServer(
  name: string,
  answer: Uint8Array = new Uint8Array(),
): Promise<{ address: string; handshakes: () => number; received: () => Buffer }> {
  const { cert, key } = certificate(name)
  const chunks: Buffer[] = []
  let handshakes = 0
  const server = createServer({ cert: Buffer.from(cert), key: Buffer.from(key) }, (socket) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', () => {})
    socket.once('data', () => socket.write(answer))
  })
  server.on('connection', (socket: Socket) => {
    socket.once('close', () => (handshakes += 1))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { address: `127.0.0.1:${port}`, handshakes: () => handshakes, received: () => Buffer.concat(chunks) }
}

/** A host that notes what connections have proved. */
function noting(seen: Credentials[]): TransportHost['admit'] {
  return async (hello, credentials) => {
    seen.push(credentials)
    return { peer: nodeId(Buffer.from(hello).toString()) }
  }
}

test('both sides learn the name in the certificate of the other', async () => {
  const seenByA: Credentials[] = []
  const seenByB: Credentials[] = []
  const a = await member('a', { tls: certificate('a'), admit: noting(seenByA) })
  const b = await member('b', { tls: certificate('b'), admit: noting(seenByB) })
  introduce(a, { id: b.id, address: b.running.address })
  await until(() => a.links.some((link) => link.startsWith('b up')))
  expect(seenByA).toEqual([{ name: 'b', how: 'mutualTls' }])
  expect(seenByB).toEqual([{ name: 'a', how: 'mutualTls' }])
})

test('a plaintext peer gets no byte of a hello, and no host is asked about it', async () => {
  const seen: Credentials[] = []
  const b = await member('b', { tls: certificate('b'), admit: noting(seen) })
  const client = await rawClient(b.running.address)
  client.socket.write(greetingAs('a'))
  await client.closed
  expect(client.received().includes('b')).toBe(false)
  expect(client.received().length).toBeLessThan(16) // An alert of TLS.
  expect(seen).toEqual([])
  expect(b.log.join()).toContain('proved nothing')
})

test.each([
  ['that a stranger has signed', 'forged-a'],
  ['that has expired', 'expired-a'],
  ['that is missing', null],
])('a peer with a certificate %s gets no byte, and no host is asked about it', async (_, name) => {
  const seen: Credentials[] = []
  const b = await member('b', { tls: certificate('b'), admit: noting(seen) })
  const client = await tlsClient(b.running.address, name)
  await client.closed
  expect(client.received()).toEqual(Buffer.alloc(0))
  expect(seen).toEqual([])
})

test.each([
  ['shows a certificate that a stranger has signed', 'forged-a', /certificate|signature|issuer/],
  ['shows a certificate that has expired', 'expired-a', /expired/],
  ['shows the certificate of another member', 'c', /certificate for "c", and a is wanted/],
])('a peer that %s is told nothing when it is dialled', async (_, name, reason) => {
  const server = await tlsServer(name)
  const b = await member('b', { tls: certificate('b'), reconnectMinMs: 1, reconnectMaxMs: 1 })
  introduce(b, { id: nodeId('a'), address: server.address })
  await until(() => server.handshakes() >= 3)
  expect(server.received()).toEqual(Buffer.alloc(0))
  expect(b.links.join()).toMatch(reason)
  expect(b.links.join()).not.toContain('up')
})

test('a peer that speaks plaintext is told nothing readable when it is dialled', async () => {
  const chunks: Buffer[] = []
  const raw = await rawServer((socket) => {
    socket.write(greetingAs('raw'))
    socket.on('data', (chunk) => chunks.push(chunk))
  })
  const member1 = await member('recognisable', { tls: certificate('b') })
  introduce(member1, raw)
  await until(() => member1.links.length > 0)
  expect(member1.links.join()).toContain('raw down')
  expect(Buffer.concat(chunks).includes('recognisable')).toBe(false)
})

test('a peer that accepts and then answers nothing is down under TLS too, also while small frames go out', async () => {
  const server = await tlsServer('b', greetingAs('b'))
  const a = await member('a', { tls: certificate('a'), probeIntervalMs: 20, probeTimeoutMs: 100 })
  introduce(a, { id: nodeId('b'), address: server.address })
  await until(() => {
    a.running.send(nodeId('b'), new Uint8Array(50), 'control')
    return a.links.some((link) => link.includes('has not answered for 100 ms'))
  })
  expect(a.links[0]).toMatch(/^b up/)
})

test('a peer that answers nothing but takes frames, slowly, stays up under TLS', async () => {
  const probeIntervalMs = 17
  let looks = 0
  let taken = 0
  let taking: TLSSocket | undefined
  const { cert, key } = certificate('b')
  const server = createServer({ cert, key }, (socket) => {
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
    socket.once('data', () => {
      socket.write(greetingAs('b'))
      socket.on('data', (chunk: Buffer) => {
        taken += chunk.length
        if (taken > 2_000_000) socket.pause()
      })
      taking = socket
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const real = nodeEnvironment()
  const environment: Environment = {
    ...real,
    setTimer: (delayMs, run) => {
      if (delayMs !== probeIntervalMs) return real.setTimer(delayMs, run)
      looks += 1
      taken = 0
      taking?.resume()
      // More than is taken until the next look, so that the kernel makes the sender wait, however slow this machine is.
      for (let frames = 0; frames < 8; frames += 1) fill()
      return real.setTimer(delayMs, run)
    },
  }
  let fill = (): void => {}
  const a = await member('a', {
    tls: certificate('a'),
    environment,
    probeIntervalMs,
    probeTimeoutMs: 10 * probeIntervalMs,
  })
  fill = () => void a.running.send(nodeId('b'), new Uint8Array(1024 * 1024), 'bulk')
  const { port } = server.address() as AddressInfo
  introduce(a, { id: nodeId('b'), address: `127.0.0.1:${port}` })
  await until(() => looks > 60 || a.links.length > 1)
  expect(a.links).toEqual([`b up: connected to 127.0.0.1:${port}`])
})

test('certificates that were replaced are shown to whoever connects next, without a restart', async () => {
  let name = 'a'
  let asked = 0
  const a = await member('a', {
    tls: () => {
      asked += 1
      if (name === 'broken') return { cert: 'half a file', key: 'the other half', ca: 'none' }
      return certificate(name)
    },
  })
  const shown = async (): Promise<string | undefined> => {
    const client = await tlsClient(a.running.address, 'b')
    await until(() => client.socket.getPeerCertificate().serialNumber !== undefined)
    return client.socket.getPeerCertificate().serialNumber
  }
  const first = await shown()
  expect(await shown()).toBe(first)
  name = 'renewed-a'
  const renewed = await shown()
  expect(renewed).not.toBe(first)
  name = 'broken'
  expect(await shown()).toBe(renewed)
  expect(await shown()).toBe(renewed)
  expect(a.log.filter((line) => line.includes('the last ones stay'))).toHaveLength(1)
  // And then it goes on: a good one is used again, and a broken one told again.
  name = 'a'
  expect(await shown()).toBe(first)
  name = 'broken'
  expect(await shown()).toBe(first)
  expect(a.log.filter((line) => line.includes('the last ones stay'))).toHaveLength(2)
  expect(asked).toBeGreaterThanOrEqual(5)
})

test('connections whose certificate mayBeMember refuses write ten lines in ten seconds, and one that says how many', async () => {
  const b = await member('b', {
    tls: { ...certificate('b'), mayBeMember: () => false },
    admit: async () => ({ refuse: 'no member' }),
  })
  for (let count = 0; count < 30; count += 1) {
    const client = await tlsClient(b.running.address, 'a')
    await client.closed
  }
  await b.running.close()
  expect(b.log.filter((line) => line.startsWith('a certificate was refused by mayBeMember'))).toHaveLength(10)
  expect(b.log).toContain('20 more certificates of 127.0.0.1 were refused by mayBeMember')
  expect(b.log.filter((line) => line === 'a connection has ended')).toHaveLength(10)
  expect(b.log).toContain('20 more connections of 127.0.0.1 have ended')
})

test('the first certificates have to be good ones', () => {
  expect(() => tcpTransport({ tls: { ...certificate('a'), key: certificate('b').key } })).toThrowError(
    /INVALID_OPTIONS|certificates of the option "tls" cannot be used/,
  )
  expect(() => tcpTransport({ tls: () => ({ cert: '', key: '', ca: '' }) })).toThrowError(/cannot be used/)
})

test('connections that never finish their handshake are bounded, in number and in time', async () => {
  const b = await member('b', { tls: certificate('b'), pendingConnectionsMax: 5, helloTimeoutMs: 200 })
  const idle: RawClient[] = []
  for (let count = 0; count < 40; count += 1) idle.push(await rawClient(b.running.address))
  await until(() => idle.filter(({ socket }) => socket.destroyed).length >= 35)
  const a = await member('a', { tls: certificate('a') })
  introduce(a, { id: b.id, address: b.running.address })
  await until(() => a.links.some((link) => link.startsWith('b up')))
  await until(() => idle.every(({ socket }) => socket.destroyed))
})

test('a member closes although somebody is in the middle of a handshake', async () => {
  const b = await member('b', { tls: certificate('b'), helloTimeoutMs: 600_000 })
  const client = await rawClient(b.running.address)
  await b.running.close()
  await client.closed
})
