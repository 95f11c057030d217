import { createServer } from 'node:http'
import { once } from 'node:events'
import { position, QuorateError, silentLogger, type ErrorCode, type Outcome } from '@quorate/contracts'
import { httpHandler } from '@quorate/gateway-http'
import { counter } from '@quorate/machine-counter'
import { expect, onTestFinished, test, vi } from 'vitest'
import { tokenOfHandle } from '../src/session-token.js'
import { ActedReplica, ask, clusterId, gatewayOf, type Asking } from './members.js'

function failing(error: Error): ActedReplica {
  return new ActedReplica(() => Promise.reject(error))
}

const handle = { clusterId, nonce: new Uint8Array(16).fill(7), position: position(5) }
const session = tokenOfHandle(handle)
const strange = tokenOfHandle({ ...handle, clusterId: '0'.repeat(32) })
const allowed: Readonly<Record<string, string>> = { '/v1/status': 'GET, HEAD', '/v1/sessions': 'POST, DELETE' }

const never = new ActedReplica(() => Promise.reject(new Error('nothing should have reached the replica')))

test.each<[ErrorCode, number, Outcome, string | undefined]>([
  ['INVALID_COMMAND', 400, 'notDone', undefined],
  ['MEMBERSHIP_CHANGE_IN_PROGRESS', 409, 'notDone', undefined],
  ['SEQUENCE_REUSED', 409, 'notDone', undefined],
  ['SESSION_EXPIRED', 410, 'unknown', undefined],
  ['COMMAND_TOO_LARGE', 413, 'notDone', undefined],
  ['UNSUPPORTED', 501, 'notDone', undefined],
  ['NO_LEADER', 503, 'notDone', '1'],
  ['NOT_LEADER', 503, 'notDone', '1'],
  ['OVERLOADED', 503, 'notDone', '1'],
  ['OVERWRITTEN', 503, 'notDone', '1'],
  ['STOPPED', 503, 'unknown', undefined],
  ['VERSION_NOT_ACTIVE', 503, 'notDone', undefined],
  ['LEADERSHIP_LOST', 503, 'unknown', undefined],
  ['TIMED_OUT', 504, 'unknown', undefined],
  ['STORAGE_FULL', 500, 'unknown', undefined],
])('%s is answered with %i', async (code, status, outcome, retryAfter) => {
  const gateway = await gatewayOf({ replica: failing(new QuorateError(code, 'said so')) })
  const answer = await ask(gateway, '/v1/commands/add', { body: '{"by":1}' })
  expect(answer.status).toBe(status)
  expect(answer.json).toEqual({ error: { code, outcome, message: 'said so', leader: null } })
  expect(answer.headers['retry-after']).toBe(retryAfter)
})

test.each([
  '/v1/commands/add?session=1&session=2&sequence=1&lowestUnacknowledged=1',
  '/v1/queries/value?timeoutMs=1&timeoutMs=1',
  '/v1/sessions?nonce=00112233445566778899aabbccddeeff&nonce=00112233445566778899aabbccddeeff',
])('a parameter that is given twice is refused: %s', async (path) => {
  const answer = await ask(await gatewayOf({ replica: never }), path, path.includes('add') ? { body: '{"by":1}' } : {})
  expect(answer.status).toBe(400)
  expect(JSON.stringify(answer.json)).toContain('more than once')
})

test('D22: a member that does not lead answers 307 with the client address of the one that does', async () => {
  const leader = { id: 'n2', clientAddress: '127.0.0.1:9' }
  const gateway = await gatewayOf({ replica: failing(new QuorateError('NOT_LEADER', 'ask n2', { leader })) })
  const answer = await ask(gateway, '/v1/commands/add?timeoutMs=77', { body: '{"by":1}' })
  expect(answer.status).toBe(307)
  expect(answer.headers.location).toBe('http://127.0.0.1:9/v1/commands/add?timeoutMs=77')
  expect(answer.json).toEqual({ error: { code: 'NOT_LEADER', outcome: 'notDone', message: 'ask n2', leader } })
})

test('what may have happened is never answered so that a program sends it again by itself', async () => {
  const leader = { id: 'n2', clientAddress: '127.0.0.1:9' }
  for (const code of ['NOT_LEADER', 'NO_LEADER', 'OVERLOADED', 'OVERWRITTEN', 'STOPPED'] as const) {
    const inDoubt = new QuorateError(code, 'said so', { outcome: 'unknown', leader })
    const gateway = await gatewayOf({ replica: failing(inDoubt) })
    const answer = await ask(gateway, '/v1/commands/add', { body: '{"by":1}' })
    expect(answer).toMatchObject({ status: 503, json: { error: { code, outcome: 'unknown' } } })
    expect([answer.headers['retry-after'], answer.headers.location]).toEqual([undefined, undefined])
  }
  const stopped = failing(new QuorateError('STOPPED', 'before it began', { outcome: 'notDone' }))
  const answer = await ask(await gatewayOf({ replica: stopped }), '/v1/commands/add', { body: '{"by":1}' })
  expect(answer.headers['retry-after']).toBe('1')
})

const json = { 'content-type': 'application/json' }

test.each<[string, string, Asking, number, string]>([
  ['a path that is not there', '/v1/nothing', {}, 404, 'there is nothing at /v1/nothing'],
  ['a path that is not one', '/v1/commands/a%2', { body: '{}' }, 404, 'has no "a%2"'],
  [
    'a command that the machine has not',
    '/v1/commands/sub',
    { body: '{}' },
    404,
    'has no "sub" among its commands: add',
  ],
  ['a name that every object has', '/v1/commands/constructor', { body: '{}' }, 404, 'has no "constructor"'],
  ['a query where a command stands', '/v1/commands/value', {}, 404, 'has no "value"'],
  ['another method', '/v1/commands/add', { method: 'GET' }, 405, 'use POST here'],
  ['another method of a status', '/v1/status', { method: 'DELETE' }, 405, 'use GET, HEAD here'],
  [
    'a form',
    '/v1/commands/add',
    { body: 'by=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    'content-type application/json',
  ],
  [
    'text',
    '/v1/commands/add',
    { body: '{"by":1}', headers: { 'content-type': 'text/plain' } },
    415,
    'not as text/plain',
  ],
  [
    'another charset',
    '/v1/commands/add',
    { body: '{"by":1}', headers: { 'content-type': 'application/json; charset=latin1' } },
    415,
    'UTF-8',
  ],
  [
    'a compressed body',
    '/v1/commands/add',
    { body: '{"by":1}', headers: { ...json, 'content-encoding': 'gzip' } },
    415,
    'gzip',
  ],
  ['no JSON', '/v1/commands/add', { body: '{"by":1,,}' }, 400, 'breaks off at position 8'],
  ['half of JSON', '/v1/commands/add', { body: '{"by":' }, 400, 'breaks off at position 6'],
  [
    'a number that would be changed',
    '/v1/commands/add',
    { body: '{"by":9007199254740993}' },
    400,
    'the body.by is 9007199254740993, which would become 9007199254740992',
  ],
  ['a key that is given twice', '/v1/commands/add', { body: '{"by":1,"by":2}' }, 400, 'the body.by stands there twice'],
  ['no UTF-8', '/v1/commands/add', { body: Uint8Array.of(0x22, 0xff, 0x22) }, 400, 'not UTF-8'],
  ['bytes that are no base64', '/v1/commands/add', { body: '{"by":{"$bytes":"%"}}' }, 400, 'base64'],
  ['JSON that is too deep', '/v1/commands/add', { body: '['.repeat(1_000_000) + ']'.repeat(1_000_000) }, 400, ''],
  ['an input that does not fit', '/v1/commands/add', { body: '{"by":"x"}' }, 400, 'at by: '],
  ['no input where one is needed', '/v1/commands/add', {}, 400, 'does not fit'],
  ['an input where none is wanted', '/v1/queries/value', { body: '{}' }, 400, 'takes no input'],
  ['a parameter that is not there', '/v1/commands/add?wait=1', { body: '{"by":1}' }, 400, 'wait'],
  ['a time-out that is none', '/v1/commands/add?timeoutMs=soon', { body: '{"by":1}' }, 400, 'timeoutMs'],
  ['a time-out of nothing', '/v1/commands/add?timeoutMs=0', { body: '{"by":1}' }, 400, 'timeoutMs'],
  ['a time-out of hours', '/v1/commands/add?timeoutMs=3600000', { body: '{"by":1}' }, 400, 'timeoutMs'],
  [
    'half of a place in a session',
    `/v1/commands/add?session=${session}&sequence=1`,
    { body: '{"by":1}' },
    400,
    'give all three',
  ],
  [
    'a place in no session',
    '/v1/commands/add?sequence=1&lowestUnacknowledged=1',
    { body: '{"by":1}' },
    400,
    'all three',
  ],
  [
    'a count that was acknowledged',
    `/v1/commands/add?session=${session}&sequence=2&lowestUnacknowledged=3`,
    { body: '{"by":1}' },
    400,
    'lowestUnacknowledged is 3, and the sequence 2',
  ],
  [
    'a count from zero',
    `/v1/commands/add?session=${session}&sequence=0&lowestUnacknowledged=1`,
    { body: '{"by":1}' },
    400,
    'must be a whole number from 1\n  → at sequence',
  ],
  [
    'a session that is named by a number',
    '/v1/commands/add?session=2&sequence=1&lowestUnacknowledged=1',
    { body: '{"by":1}' },
    400,
    'must be what POST /v1/sessions has answered\n  → at session',
  ],
  [
    'a count far beyond what is acknowledged',
    `/v1/commands/add?session=${session}&sequence=8193&lowestUnacknowledged=1`,
    { body: '{"by":1}' },
    400,
    'less than 8192 below it',
  ],
  ['the end of no session', '/v1/sessions', { method: 'DELETE' }, 400, 'session'],
  [
    'the end of a session that a number names',
    '/v1/sessions?session=2',
    { method: 'DELETE' },
    400,
    'POST /v1/sessions',
  ],
  [
    'a command for another cluster',
    `/v1/commands/add?cluster=${'0'.repeat(32)}`,
    { body: '{"by":1}' },
    421,
    'ask members of that cluster',
  ],
  [
    'a query for another cluster',
    `/v1/queries/value?cluster=${'0'.repeat(32)}`,
    {},
    421,
    'ask members of that cluster',
  ],
  ['an opening in another cluster', `/v1/sessions?cluster=${'0'.repeat(32)}`, {}, 421, 'ask members of that cluster'],
  [
    'a session of another cluster',
    `/v1/commands/add?session=${strange}&sequence=1&lowestUnacknowledged=1`,
    { body: '{"by":1}' },
    421,
    'ask members of that cluster',
  ],
  [
    'the end of a session of another cluster',
    `/v1/sessions?session=${strange}`,
    { method: 'DELETE' },
    421,
    'ask members',
  ],
  ['a cluster that is none', '/v1/queries/value?cluster=7', {}, 400, 'at cluster'],
  ['a place in a session of a query', '/v1/queries/value?session=5', {}, 400, 'session'],
  ['a nonce that is too short', '/v1/sessions?nonce=00ff', {}, 400, 'must be 32 hexadecimal digits'],
  ['an opening with a body', '/v1/sessions', { body: '{}' }, 400, 'without a body'],
  ['another method of an opening', '/v1/sessions', { method: 'GET' }, 405, 'use POST, DELETE here'],
  ['another consistency', '/v1/queries/value?consistency=eventual', {}, 400, 'consistency'],
  ['a parameter of a health check', '/healthz?x=1', { method: 'GET' }, 400, 'x'],
])('%s is refused and never reaches the replica', async (_, path, asking, status, text) => {
  const answer = await ask(await gatewayOf({ replica: never }), path, asking)
  expect(answer.status).toBe(status)
  expect(answer.json).toMatchObject({ error: { outcome: 'notDone', leader: null } })
  expect(JSON.parse(JSON.stringify(answer.json))).toHaveProperty('error.message', expect.stringContaining(text))
  if (status === 405) expect(answer.headers.allow).toBe(allowed[path] ?? 'POST')
})

test('a mistake of ours is answered with INTERNAL, and its inside stays in the log', async () => {
  const logger = { ...silentLogger, error: vi.fn() }
  const gateway = await gatewayOf({ replica: failing(new Error('secret /path')), logger })
  const command = await ask(gateway, '/v1/commands/add', { body: '{"by":1}' })
  expect(command).toMatchObject({ status: 500, json: { error: { code: 'INTERNAL', outcome: 'unknown' } } })
  const query = await ask(gateway, '/v1/queries/value')
  expect(query).toMatchObject({ status: 500, json: { error: { code: 'INTERNAL', outcome: 'notDone' } } })
  expect(JSON.stringify([command.json, query.json])).not.toContain('secret')
  expect(logger.error).toHaveBeenCalledWith(expect.objectContaining({ error: 'secret /path' }), expect.any(String))
})

test('a member that knows no leader says so before the deadline of the request', async () => {
  const replica = new ActedReplica(() => Promise.resolve({ position: position(1), result: new Uint8Array() }))
  replica.lead(null)
  const gateway = await gatewayOf({ replica, leaderTimeoutMs: 20 })
  const answer = await ask(gateway, '/v1/commands/add?timeoutMs=60000', { body: '{"by":1}' })
  expect(answer).toMatchObject({ status: 503, json: { error: { code: 'NO_LEADER', outcome: 'notDone' } } })
})

test('a request waits for a leader that is found in time', async () => {
  const encoded = counter.commands.add.encode({ by: 5 })
  const replica = new ActedReplica(async (command) => {
    expect(command).toEqual(encoded)
    throw new QuorateError('OVERLOADED', 'handed over')
  })
  replica.lead(null)
  const gateway = await gatewayOf({ replica, leaderTimeoutMs: 20_000 })
  await ask(gateway, '/readyz', { method: 'GET' })
  const answered = ask(gateway, '/v1/commands/add', { body: '{"by":5}' })
  replica.lead('n2')
  expect(await answered).toMatchObject({ json: { error: { message: 'handed over' } } })
})

test('the handler serves in a server of any other making', async () => {
  const server = createServer(
    httpHandler({ replica: failing(new QuorateError('TIMED_OUT', 'late')), machine: counter }),
  )
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const bound = server.address()
  const address = `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
  const gateway = { address, close: async () => {}, [Symbol.asyncDispose]: async () => {} }
  expect(await ask(gateway, '/v1/commands/add', { body: '{"by":1}' })).toMatchObject({ status: 504 })
})
