import { position, QuorateError } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { expect, test } from 'vitest'
import { ActedReplica, ask, gatewayOf, member } from './members.js'

const nonce = '00112233445566778899AABBCCDDEEFF'
const body = '{"by":2}'

test('D11: a command that is sent again in its session is carried out once and answered alike', async () => {
  const gateway = await gatewayOf({ replica: await member(counter) })
  const opened = await ask(gateway, '/v1/sessions')
  expect(opened).toMatchObject({ status: 200, json: { session: 2 } })
  const first = '/v1/commands/add?session=2&sequence=1&lowestUnacknowledged=1'
  expect(await ask(gateway, first, { body })).toMatchObject({ status: 200, json: { result: 2, position: 3 } })
  expect(await ask(gateway, first, { body })).toMatchObject({ status: 200, json: { result: 2 } })
  const second = '/v1/commands/add?session=2&sequence=2&lowestUnacknowledged=2'
  expect(await ask(gateway, second, { body })).toMatchObject({ status: 200, json: { result: 4 } })
  expect(await ask(gateway, first, { body })).toMatchObject({
    status: 410,
    json: { error: { code: 'SESSION_EXPIRED', outcome: 'notDone' } },
  })
  expect(await ask(gateway, '/v1/queries/value')).toMatchObject({ json: { result: 4 } })
})

test('D11: the same nonce opens the same session, also at the same time; another one, or none, another', async () => {
  const gateway = await gatewayOf({ replica: await member(counter) })
  const open = async (search: string) => (await ask(gateway, `/v1/sessions${search}`)).json
  const [one, same] = await Promise.all([open(`?nonce=${nonce}`), open(`?nonce=${nonce}&timeoutMs=2000`)])
  expect(one).toEqual({ session: expect.any(Number) as number })
  expect(same).toEqual(one)
  expect(await open(`?nonce=${nonce.toLowerCase()}`)).toEqual(one)
  expect(await open(`?nonce=${'0'.repeat(32)}`)).not.toEqual(one)
  expect(await open('')).not.toEqual(await open(''))
})

test('a session that is not there is told as such, before anything is done', async () => {
  const gateway = await gatewayOf({ replica: await member(counter) })
  const answer = await ask(gateway, '/v1/commands/add?session=1&sequence=1&lowestUnacknowledged=1', { body })
  expect(answer).toMatchObject({ status: 410, json: { error: { code: 'SESSION_EXPIRED', outcome: 'notDone' } } })
  expect(await ask(gateway, '/v1/queries/value')).toMatchObject({ json: { result: 0 } })
})

test('D37: a cluster that holds as many sessions as it can opens no other', async () => {
  const replica = new ActedReplica(() => Promise.reject(new QuorateError('OVERLOADED', 'full')))
  const answer = await ask(await gatewayOf({ replica }), '/v1/sessions')
  expect(answer).toMatchObject({ status: 503, json: { error: { code: 'OVERLOADED', outcome: 'notDone' } } })
  expect(answer.headers['retry-after']).toBe('1')
})

test('an opening waits for a leader as a command does, and is handed its nonce and what is left of its time', async () => {
  const replica = new ActedReplica(async (bytes, options) => {
    expect(Buffer.from(bytes).toString('hex')).toBe(nonce.toLowerCase())
    expect(options?.timeoutMs).toBeLessThanOrEqual(60_000)
    return { position: position(7), result: bytes }
  })
  replica.lead(null)
  const gateway = await gatewayOf({ replica, leaderTimeoutMs: 20 })
  const path = `/v1/sessions?nonce=${nonce}&timeoutMs=60000`
  expect(await ask(gateway, path)).toMatchObject({ status: 503, json: { error: { code: 'NO_LEADER' } } })
  replica.lead('n1')
  expect(await ask(gateway, path)).toMatchObject({ status: 200, json: { session: 7 } })
})
