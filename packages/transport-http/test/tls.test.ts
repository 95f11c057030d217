/** Mutual TLS: who shows no certificate of the right authority gets nothing, whoever dials. */
import { once } from 'node:events'
import { createServer, request } from 'node:https'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { nodeId, splitAddress } from '@quorate/contracts'
import { expect, onTestFinished, test } from 'vitest'
import { certificate } from '../../../tools/certificates/certificate.js'
import { at, introduce, listening, member, post, until, untilUp } from './members.js'

/** What became of a request for a link with this certificate, or none. */
async function ask(address: string, name: string | null): Promise<string> {
  const { cert, key } = certificate(name ?? 'a')
  const shown = name === null ? {} : { cert: Buffer.from(cert), key: Buffer.from(key) }
  const headers = { 'quorate-versions': '1-1' }
  const asked = request(`https://${address}/quorate/link`, {
    method: 'POST',
    ...shown,
    headers,
    rejectUnauthorized: false,
  })
  asked.end('a')
  onTestFinished(() => void asked.destroy())
  return once(asked, 'response').then(
    () => 'it was answered',
    (error: Error) => `it was not answered: ${error.message}`,
  )
}

test('both sides learn the name in the certificate of the other', async () => {
  const a = await member('a', { tls: certificate('a') })
  const b = await member('b', { tls: certificate('b'), token: 'sixteen-or-more-letters' })
  const c = await member('c', { tls: certificate('c'), token: 'sixteen-or-more-letters' })
  introduce(c, at(b))
  await untilUp(c, b)
  expect(c.proved).toEqual([{ name: 'b', how: 'mutualTls' }])
  expect(b.proved).toEqual([{ name: 'c', how: 'mutualTls' }])
  introduce(a, at(b))
  await until(() => a.links.some((link) => link.includes('its token is another one')))
})

test.each([['forged-a'], ['expired-a'], [null]])('a peer with the certificate %s is not answered', async (name) => {
  const b = await member('b', { tls: certificate('b') })
  expect(await ask(b.running.address, name)).toMatch(/^it was not answered/)
  expect(b.proved).toEqual([])
  expect(await ask(b.running.address, 'a')).toBe('it was answered')
})

test('a plaintext peer is not answered, and the log says why', async () => {
  const b = await member('b', { tls: certificate('b'), helloTimeoutMs: 600_000 })
  await expect(post(b.running.address, '/quorate/link')).rejects.toThrowError()
  expect(b.proved).toEqual([])
  await until(() => b.log.length > 0)
  expect(b.log.join()).toMatch(/^a connection was refused: .*http request/)
})

test.each([
  ['a certificate that a stranger has signed', 'forged-a', /certificate|signature|issuer/],
  ['a certificate that has expired', 'expired-a', /expired/],
  ['the certificate of another member', 'c', /certificate for "c", and a is wanted/],
])('a peer that shows %s is told nothing when it is dialled', async (_, name, reason) => {
  const { cert, key } = certificate(name)
  let heard = 0
  let connections = 0
  const server = createServer({ cert: Buffer.from(cert), key: Buffer.from(key) })
  server.on('request', () => (heard += 1))
  server.on('secureConnection', (socket: Socket) => socket.on('data', (chunk: Buffer) => (heard += chunk.length)))
  server.on('connection', (socket: Socket) => socket.once('close', () => (connections += 1)))
  const address = await listening(server)
  const b = await member('b', { tls: certificate('b'), reconnectMinMs: 1, reconnectMaxMs: 1 })
  introduce(b, { id: nodeId('a'), address })
  await until(() => connections >= 3)
  expect(heard).toBe(0)
  expect(b.links.join()).toMatch(reason)
})

test('certificates that were replaced are shown to whoever connects next, without a restart', async () => {
  let name = 'a'
  const a = await member('a', { tls: () => certificate(name) })
  const shown = async (): Promise<string> => {
    const socket = connectTls({ ...splitAddress(a.running.address), rejectUnauthorized: false }).on('error', () => {})
    await once(socket, 'secureConnect')
    const { serialNumber } = socket.getPeerCertificate()
    socket.destroy()
    return serialNumber
  }
  const first = await shown()
  expect(await shown()).toBe(first)
  name = 'renewed-a'
  expect(await shown()).not.toBe(first)
})
