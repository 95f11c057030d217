import { position, QuorateError, type Environment } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { expect, test } from 'vitest'
import { ClientAddresses } from '../src/client-addresses.js'
import { OpeningLimits } from '../src/opening-limits.js'
import { handleOfToken, tokenOfHandle } from '../src/session-token.js'
import { ActedReplica, ask, clusterId, gatewayOf, member, type Answered } from './members.js'

const nonce = '00112233445566778899AABBCCDDEEFF'
const body = '{"by":2}'

const tokenOf = (opened: Answered): string => {
  expect(opened.status).toBe(200)
  return (opened.json as { readonly session: string }).session
}

test('D11: a command that is sent again in its session is carried out once and answered alike', async () => {
  const gateway = await gatewayOf({ replica: await member(counter) })
  const opened = await ask(gateway, '/v1/sessions')
  const session = tokenOf(opened)
  const first = `/v1/commands/add?session=${session}&sequence=1&lowestUnacknowledged=1`
  expect(await ask(gateway, first, { body })).toMatchObject({ status: 200, json: { result: 2, position: 3 } })
  expect(await ask(gateway, first, { body })).toMatchObject({ status: 200, json: { result: 2 } })
  const second = `/v1/commands/add?session=${session}&sequence=2&lowestUnacknowledged=2`
  expect(await ask(gateway, second, { body })).toMatchObject({ status: 200, json: { result: 4 } })
  expect(await ask(gateway, first, { body })).toMatchObject({
    status: 410,
    json: { error: { code: 'SESSION_EXPIRED', outcome: 'notDone' } },
  })
  expect(await ask(gateway, '/v1/queries/value')).toMatchObject({ json: { result: 4 } })
})

test('D11: the same nonce opens the same session, also at the same time; another one, or none, another', async () => {
  const gateway = await gatewayOf({ replica: await member(counter) })
  const open = async (search: string) => tokenOf(await ask(gateway, `/v1/sessions${search}`))
  const [one, same] = await Promise.all([open(`?nonce=${nonce}`), open(`?nonce=${nonce}&timeoutMs=2000`)])
  expect(same).toBe(one)
  expect(await open(`?nonce=${nonce.toLowerCase()}`)).toBe(one)
  expect(await open(`?nonce=${'0'.repeat(32)}`)).not.toBe(one)
  expect(await open('')).not.toBe(await open(''))
})

test('a session that is not there is told as such, before anything is done', async () => {
  const gateway = await gatewayOf({ replica: await member(counter) })
  const opened = handleOfToken(tokenOf(await ask(gateway, '/v1/sessions')))
  if (opened === null) throw new TypeError('what was opened has a token')
  const others = [
    { ...opened, position: position(1) },
    { ...opened, nonce: opened.nonce.map((byte) => byte ^ 1) },
  ]
  for (const other of others) {
    const place = `session=${tokenOfHandle(other)}&sequence=1&lowestUnacknowledged=1`
    const answer = await ask(gateway, `/v1/commands/add?${place}`, { body })
    expect(answer).toMatchObject({ status: 410, json: { error: { code: 'SESSION_EXPIRED', outcome: 'notDone' } } })
  }
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
  expect(handleOfToken(tokenOf(await ask(gateway, path)))).toMatchObject({ clusterId, position: 7 })
})

test('a session that its caller has ended takes no command, and is ended once more without a word', async () => {
  const gateway = await gatewayOf({ replica: await member(counter) })
  const session = tokenOf(await ask(gateway, '/v1/sessions'))
  const first = `/v1/commands/add?session=${session}&sequence=1&lowestUnacknowledged=1`
  expect(await ask(gateway, first, { body })).toMatchObject({ status: 200 })
  for (let times = 1; times <= 2; times += 1) {
    const ended = await ask(gateway, `/v1/sessions?session=${session}`, { method: 'DELETE' })
    expect(ended).toMatchObject({ status: 200, json: {} })
  }
  expect(await ask(gateway, first, { body })).toMatchObject({ status: 410, json: { error: { outcome: 'notDone' } } })
  expect(await ask(gateway, '/v1/queries/value')).toMatchObject({ json: { result: 2 } })
})

test('a caller who counts sessions cannot swallow a command of another one, nor read its answer', async () => {
  const replica = await member(counter)
  const gateway = await gatewayOf({ replica })
  const session = tokenOf(await ask(gateway, '/v1/sessions'))
  const place = (token: string, sequence: number): string =>
    `/v1/commands/add?session=${token}&sequence=${sequence}&lowestUnacknowledged=1`
  expect(await ask(gateway, place(session, 1), { body })).toMatchObject({ json: { result: 2 } })
  for (let at = 1; at <= 4; at += 1) {
    const guess = tokenOfHandle({ clusterId: replica.clusterId, nonce: new Uint8Array(16), position: position(at) })
    for (const token of [String(at), guess]) {
      const guessed = await ask(gateway, place(token, 2), { body: '{"by":1000}' })
      expect([400, 410]).toContain(guessed.status)
    }
  }
  expect(await ask(gateway, place(session, 2), { body })).toMatchObject({ json: { result: 4 } })
  const other = await ask(gateway, place(session, 2), { body: '{"by":1000}' })
  expect(other).toMatchObject({ status: 409, json: { error: { code: 'SEQUENCE_REUSED', outcome: 'notDone' } } })
  expect(await ask(gateway, '/v1/queries/value')).toMatchObject({ json: { result: 4 } })
})

test('every answer says which cluster it comes from, also one that refuses', async () => {
  const gateway = await gatewayOf({ replica: new ActedReplica(() => Promise.reject(new Error('no'))) })
  for (const path of ['/v1/sessions', '/v1/queries/value', '/nowhere', '/healthz']) {
    expect((await ask(gateway, path)).headers['quorate-cluster'], path).toBe(clusterId)
  }
})

test('one client address opens sessions at a bounded rate: others are served, and it is again after a while', async () => {
  let nowMs = 0
  const environment = { monotonicMs: () => nowMs }
  const limits = new OpeningLimits({ environment: environment as Environment, sessionsBurst: 3, sessionsPerSecond: 1 })
  const clients = new ClientAddresses({
    environment: environment as Environment,
    replica: new ActedReplica(() => Promise.reject(new Error('no'))),
  })
  const check = (address: string): void => limits.check(clients.at(address))
  for (let count = 1; count <= 3; count += 1) check('10.0.0.1')
  const refused = expect.objectContaining({ code: 'OVERLOADED', outcome: 'notDone' }) as Error
  expect(() => check('::ffff:10.0.0.1'), 'the same, as a socket of both kinds says it').toThrow(refused)
  check('10.0.0.2')
  for (const at of ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6']) check(at)
  check('2001:db8:1:2::9')
  expect(() => check('2001:db8:1:2:ffff::'), 'one network of one customer').toThrow(refused)
  check('2001:db8:1:3::1')
  nowMs = 1_000
  check('10.0.0.1')
  expect(() => check('10.0.0.1')).toThrow(refused)
})

test('an address that has opened too many sessions is told so, and the sessions that it has go on', async () => {
  const gateway = await gatewayOf({ replica: await member(counter), sessionsBurst: 1, sessionsPerSecond: 0.001 })
  const session = tokenOf(await ask(gateway, '/v1/sessions'))
  const answer = await ask(gateway, '/v1/sessions')
  expect(answer).toMatchObject({ status: 503, json: { error: { code: 'OVERLOADED', outcome: 'notDone' } } })
  const place = `session=${session}&sequence=1&lowestUnacknowledged=1`
  expect(await ask(gateway, `/v1/commands/add?${place}`, { body })).toMatchObject({ status: 200 })
})
