import type { IncomingMessage } from 'node:http'
import { nodeId, position } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { expect, test } from 'vitest'
import { checkBrowser } from '../src/browser-guard.js'
import { ActedReplica, ask, bareConnection, gatewayOf, overBoth, until } from './members.js'

const one = counter.codec === 'msgpack-1' ? Uint8Array.of(1) : new Uint8Array()
const willing = new ActedReplica(() => Promise.resolve({ position: position(1), result: one }))

overBoth('a page of another site may not post, not even without a body', async () => {
  const gateway = await gatewayOf({ replica: willing })
  for (const origin of [
    'http://evil.example',
    'null',
    'http://127.0.0.1:1',
    `http://${gateway.address}.evil.example`,
  ]) {
    const answer = await ask(gateway, '/v1/queries/value', { headers: { origin } })
    expect(answer).toMatchObject({ status: 403, json: { error: { code: 'UNSUPPORTED', outcome: 'notDone' } } })
  }
  const own = await ask(gateway, '/v1/queries/value', { headers: { origin: `http://${gateway.address}` } })
  expect(own.status).toBe(200)
})

overBoth('a page of another site may not read either: browsers say so, and a digest costs', async () => {
  const gateway = await gatewayOf({ replica: willing })
  for (const path of ['/v1/status?digest=true', '/v1/status', '/metrics', '/healthz', '/readyz']) {
    const askFrom = async (site: string) =>
      (await ask(gateway, path, { method: 'GET', headers: { 'sec-fetch-site': site } })).status
    expect(await askFrom('cross-site'), path).toBe(403)
    for (const site of ['same-origin', 'same-site', 'none']) expect(await askFrom(site), `${path} ${site}`).toBe(200)
  }
})

overBoth('a request with two Host headers is refused', async () => {
  const gateway = await gatewayOf({ replica: willing })
  const { socket, received } = await bareConnection(gateway)
  socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\nHost: evil.example\r\n\r\n')
  await until(() => received().includes('\r\n\r\n'))
  expect(received()).toMatch(/^HTTP\/1\.1 400 /)
})

test('off loopback, names are checked as well: those of the cluster are known, and others are said', () => {
  const asked = (host: string) => ({ headers: { host }, rawHeaders: ['Host', host] }) as unknown as IncomingMessage
  const member = { id: nodeId('n1'), address: 'n1:7001', role: 'voter', incarnation: null } as const
  const known = { hostNames: ['api.example.com'], members: [{ ...member, clientAddress: 'N1.example.com:8001' }] }
  for (const host of [
    'api.example.com',
    'n1.example.com:8001',
    '192.0.2.7:8001',
    '[2001:db8::1]:8001',
    'localhost:1',
  ]) {
    expect(() => checkBrowser(asked(host), known), host).not.toThrow()
  }
  for (const host of ['evil.example', 'evil.example:8001', 'api.example.com.evil.example', 'n1:7001', '']) {
    expect(() => checkBrowser(asked(host), known), host).toThrow('are not served here')
  }
})

overBoth(
  'a name that was made to point at a loopback address is refused, unless it is said to belong there',
  async () => {
    const gateway = await gatewayOf({ replica: willing })
    const rebound = { host: 'evil.example:80', origin: 'http://evil.example:80' }
    expect(await ask(gateway, '/v1/queries/value', { headers: rebound })).toMatchObject({ status: 421 })
    expect(await ask(gateway, '/v1/queries/value', { headers: { host: 'localhost:8001' } })).toMatchObject({
      status: 200,
    })
    expect(await ask(gateway, '/v1/queries/value', { headers: { host: '[::1]:8001' } })).toMatchObject({ status: 200 })
    const named = await gatewayOf({ replica: willing, hostNames: ['API.example.com'] })
    expect(await ask(named, '/v1/queries/value', { headers: { host: 'api.example.com' } })).toMatchObject({
      status: 200,
    })
  },
)
