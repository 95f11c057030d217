import { position } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { expect, test } from 'vitest'
import { ActedReplica, ask, gatewayOf } from './members.js'

const one = counter.codec === 'msgpack-1' ? Uint8Array.of(1) : new Uint8Array()
const willing = new ActedReplica(() => Promise.resolve({ position: position(1), result: one }))

test('a page of another site may not post, not even without a body', async () => {
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

test('a name that was made to point at a loopback address is refused, unless it is said to belong there', async () => {
  const gateway = await gatewayOf({ replica: willing })
  const rebound = { host: 'evil.example:80', origin: 'http://evil.example:80' }
  expect(await ask(gateway, '/v1/queries/value', { headers: rebound })).toMatchObject({ status: 421 })
  expect(await ask(gateway, '/v1/queries/value', { headers: { host: 'localhost:8001' } })).toMatchObject({
    status: 200,
  })
  expect(await ask(gateway, '/v1/queries/value', { headers: { host: '[::1]:8001' } })).toMatchObject({ status: 200 })
  const named = await gatewayOf({ replica: willing, hostNames: ['API.example.com'] })
  expect(await ask(named, '/v1/queries/value', { headers: { host: 'api.example.com' } })).toMatchObject({ status: 200 })
})
