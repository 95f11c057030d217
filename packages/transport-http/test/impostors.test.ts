/** Members with good certificates that pretend to be others, and ways on which `tls` would prove nothing. */
import { once } from 'node:events'
import { createServer as createPlainServer, type IncomingMessage } from 'node:http'
import { createServer, request as httpsRequest } from 'node:https'
import { connect, createServer as createTcpServer, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { nodeId, splitAddress } from '@quorate/contracts'
import type { HttpTransportOptions } from '@quorate/transport-http'
import { expect, onTestFinished, test } from 'vitest'
import { certificate } from '../../../tools/certificates/certificate.js'
import { at, bodyOf, introduce, listening, member, post, serve, textsOf, until, untilUp } from './members.js'

const token = 'sixteen-or-more-letters'

/** A server that shows this member's certificate, and how many bytes of requests it has heard. */
async function impostor(name: string): Promise<{ readonly address: string; readonly heard: () => number }> {
  let heard = 0
  const { cert, key } = certificate(name)
  const server = createServer({ cert, key }, (_, response) => void response.writeHead(204).end())
  server.on('secureConnection', (socket: Socket) => socket.on('data', (chunk: Buffer) => (heard += chunk.length)))
  return { address: await listening(server), heard: () => heard }
}

/** Passes so many connections on to one address, and all others to another one. */
async function crossroads(firstCount: number, first: string, others: string): Promise<string> {
  let count = 0
  const server = createTcpServer((socket) => {
    const target = connect(splitAddress((count += 1) <= firstCount ? first : others))
    socket.on('error', () => target.destroy()).once('close', () => target.destroy())
    target.on('error', () => socket.destroy()).once('close', () => socket.destroy())
    socket.pipe(target).pipe(socket)
  })
  return listening(server)
}

/** Posts as the member that this certificate is of, on a connection of its own; ends with the test. */
async function postAs(name: string, url: string, headers: Record<string, string>, body: Buffer) {
  const asked = httpsRequest(`https://${url}`, { method: 'POST', agent: false, headers, ...shownBy(name) })
  asked.on('error', () => {}).end(body)
  onTestFinished(() => void asked.destroy())
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return response.on('error', () => {}).resume()
}

/** The headers of a request for a link as the member that this certificate is of. */
async function answeringAs(name: string, address: string): Promise<Record<string, string>> {
  const offer = { 'quorate-versions': '1-1' }
  const url = `https://${address}/quorate/challenge`
  const asked = httpsRequest(url, { method: 'POST', agent: false, headers: offer, ...shownBy(name) }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  let challenge = ''
  for await (const chunk of response) challenge += String(chunk)
  return { ...offer, 'quorate-answers': challenge, 'quorate-challenge': challenge }
}

function shownBy(name: string) {
  return { ...certificate(name), checkServerIdentity: () => undefined }
}

/** Reaches every peer at this address, through a tunnel that is there before TLS begins. */
function tunnelTo(
  address: string,
  tls: ConnectionOptions = shownBy('a'),
): NonNullable<HttpTransportOptions['request']> {
  return (url, { headers, method }) =>
    httpsRequest(url, {
      headers,
      method,
      createConnection: (_options, done) => {
        const tunnel = connect(splitAddress(address))
        tunnel.once('connect', () => done(null, connectTls({ socket: tunnel, ...tls })))
        return undefined
      },
    })
}

test('frames are written only once the connection they leave on has shown the certificate of the peer', async () => {
  const b = await member('b', { tls: certificate('b') })
  const c = await impostor('c')
  const a = await member('a', { tls: certificate('a'), token, reconnectMinMs: 600_000, reconnectMaxMs: 600_000 })
  introduce(a, at(b, await crossroads(2, b.running.address, c.address)))
  await untilUp(a, b)
  a.running.send(b.id, Buffer.from('for b alone'), 'log')
  await until(() => a.links.length > 1 || c.heard() > 0)
  expect(a.links[1]).toMatch(/shows a certificate for "c", and b is wanted/)
  expect(c.heard()).toBe(0)
})

test('a hello is written only once the connection it leaves on has shown the certificate of the peer', async () => {
  const b = await member('b', { tls: certificate('b') })
  const c = await impostor('c')
  const a = await member('a', { tls: certificate('a'), token })
  introduce(a, at(b, await crossroads(1, b.running.address, c.address)))
  await until(() => a.links.length > 0 || c.heard() > 0)
  expect(a.links[0]).toMatch(/shows a certificate for "c", and b is wanted/)
  expect(c.heard()).toBe(0)
})

test('frames for a link count only from whoever the link was opened by', async () => {
  const b = await member('b', { tls: certificate('b') })
  const { address } = b.running
  const opened = await postAs('a', `${address}/quorate/link`, await answeringAs('a', address), Buffer.from('a'))
  const headersOf = (number: string) => ({
    'quorate-link': String(opened.headers['quorate-link']),
    'quorate-number': number,
  })
  const frames = `${address}/quorate/frames/log`
  expect((await postAs('c', frames, headersOf('1'), bodyOf('of an impostor'))).statusCode).toBe(403)
  expect(b.log.join()).toMatch(/the link was opened by somebody else/)
  expect((await postAs('a', frames, headersOf('1'), bodyOf('of a'))).statusCode).toBe(204)
  expect(textsOf(b)).toEqual(['of a'])
})

test('through a tunnel, a peer that shows the certificate of another member is told nothing', async () => {
  const c = await impostor('c')
  const a = await member('a', { tls: certificate('a'), token, request: tunnelTo(c.address) })
  introduce(a, { id: nodeId('b'), address: '127.0.0.1:1' })
  await until(() => a.links.length > 0 || c.heard() > 0)
  expect(a.links[0]).toMatch(/shows a certificate for "c", and b is wanted/)
  expect(c.heard()).toBe(0)
})

test('through a tunnel, the token is not told to a server whose certificate Node.js does not believe', async () => {
  const c = await impostor('c')
  const a = await member('a', { token, peerUrl: () => 'https://b.example/quorate', request: tunnelTo(c.address, {}) })
  introduce(a, { id: nodeId('b'), address: '127.0.0.1:1' })
  await until(() => a.links.length > 0 || c.heard() > 0)
  expect(a.links[0]).toMatch(/^b down: .*certificate/)
  expect(c.heard()).toBe(0)
})

test('through a tunnel, a token is enough for a server whose certificate the request does not check', async () => {
  const b = await member('b', { token, mounted: true })
  const server = createServer(certificate('c'), b.handler)
  const request = tunnelTo(await listening(server), { rejectUnauthorized: false })
  const a = await member('a', { token, peerUrl: () => 'https://b.example/quorate', request })
  introduce(a, at(b, '127.0.0.1:1'))
  await untilUp(a, b)
  a.running.send(b.id, Buffer.from('for whoever knows the token'), 'log')
  await until(() => b.frames.length > 0)
  expect(textsOf(b)).toEqual(['for whoever knows the token'])
})

test('through a tunnel, members link as they do without one', async () => {
  const b = await member('b', { tls: certificate('b') })
  const a = await member('a', { tls: certificate('a'), request: tunnelTo(b.running.address) })
  introduce(a, at(b, '127.0.0.1:1'))
  await untilUp(a, b)
  a.running.send(b.id, Buffer.from('through the tunnel'), 'log')
  await until(() => b.frames.length > 0)
  expect(textsOf(b)).toEqual(['through the tunnel'])
})

test('with tls, a peer that a URL or a request reaches without a certificate that was checked is told nothing', async () => {
  let heard = 0
  const plain = createPlainServer(() => (heard += 1))
  plain.on('connection', (socket) => socket.on('data', (chunk) => (heard += chunk.length)))
  const address = await listening(plain)
  const forged = await impostor('forged-a')
  const a = await member('a', { tls: certificate('a'), token, peerUrl: (_, to) => `http://${to}/quorate` })
  introduce(a, { id: nodeId('b'), address })
  const c = await member('c', {
    tls: certificate('c'),
    token,
    request: (url, options) => httpsRequest(url, { ...options, rejectUnauthorized: false }),
  })
  introduce(c, { id: nodeId('a'), address: forged.address })
  await until(() => (a.links.length > 0 && c.links.length > 0) || heard + forged.heard() > 0)
  expect(a.links[0]).toMatch(/^b down: .*proves nothing, and the option tls asks for a certificate/)
  expect(c.links[0]).toMatch(/^a down: .*proves nothing, and the option tls asks for a certificate/)
  expect([heard, forged.heard()]).toEqual([0, 0])
})

test('with tls, a mounted handler refuses whoever has shown no certificate that was checked', async () => {
  const b = await member('b', { tls: certificate('b'), mounted: true })
  const plain = await serve(b.handler)
  const headers = { 'quorate-versions': '1-1' }
  expect((await post(plain, '/quorate/link', { headers, body: Buffer.from('a') })).status).toBe(403)
  const lax = createServer({ ...certificate('b'), requestCert: true, rejectUnauthorized: false }, b.handler)
  const address = await listening(lax)
  const ask = (name: string) => postAs(name, `${address}/quorate/link`, headers, Buffer.from('a'))
  expect((await ask('forged-a')).statusCode).toBe(403)
  expect(b.proved).toEqual([])
  expect(b.log).toHaveLength(2)
  expect(b.log.join()).toMatch(/the option tls asks for a certificate/)
  const asked = await postAs('a', `${address}/quorate/link`, await answeringAs('a', address), Buffer.from('a'))
  expect(asked.statusCode).toBe(200)
  expect(b.proved).toEqual([{ name: 'a', how: 'mutualTls' }])
})
