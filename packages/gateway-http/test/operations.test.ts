import { defineMachine } from '@quorate/machine'
import { counter } from '@quorate/machine-counter'
import { kv } from '@quorate/machine-kv'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ask, gatewayOf, member } from './members.js'

test('a command and a query over HTTP give the result and the position it comes from', async () => {
  const gateway = await gatewayOf({ replica: await member(counter) })
  const added = await ask(gateway, '/v1/commands/add', { body: '{"by":2}' })
  expect(added).toMatchObject({ status: 200, json: { result: 2, position: 3 } })
  expect(added.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  const value = await ask(gateway, '/v1/queries/value')
  expect(value).toMatchObject({ status: 200, json: { result: 2, position: 3 } })
  const local = await ask(gateway, '/v1/queries/value?consistency=local')
  expect(local).toMatchObject({ status: 200, json: { result: 2, position: 3 } })
})

test('D13: bytes cross HTTP as {"$bytes": base64}, both ways', async () => {
  const gateway = await gatewayOf({ machine: kv, replica: await member(kv) })
  const put = await ask(gateway, '/v1/commands/put', { body: '{"key":"a","value":{"$bytes":"AAH/"}}' })
  expect(put).toMatchObject({ status: 200, json: { result: { ok: true, version: 1 } } })
  const got = await ask(gateway, '/v1/queries/get', { body: '{"key":"a"}' })
  expect(got).toMatchObject({ status: 200, json: { result: { value: { $bytes: 'AAH/' } } } })
})

test('a result is sent as the machine encodes it to who asks for that codec, and refused before anything is done to who asks for another', async () => {
  const gateway = await gatewayOf({ replica: await member(counter) })
  const accept = `application/x-quorate+${counter.codec}`
  const added = await ask(gateway, '/v1/commands/add', { body: '{"by":7}', headers: { accept } })
  expect(added.status).toBe(200)
  expect(added.headers).toMatchObject({ 'content-type': accept, 'quorate-position': '3' })
  expect(counter.commands.add.decodeResult(added.bytes)).toBe(7)
  const other = await ask(gateway, '/v1/commands/add', {
    body: '{"by":7}',
    headers: { accept: 'application/x-quorate+other-9' },
  })
  expect(other).toMatchObject({ status: 406, json: { error: { code: 'UNSUPPORTED', outcome: 'notDone' } } })
  expect(await ask(gateway, '/v1/queries/value')).toMatchObject({ json: { result: 7 } })
})

test('D28: what is replicated is the output of the schema, applied once', async () => {
  const machine = defineMachine({
    name: 'words',
    version: 1,
    initial: () => ({ words: [''] }),
    commands: {
      say: {
        input: z.object({ text: z.string().transform((text) => `${text}!`), loud: z.boolean().default(true) }),
        apply: (state, { text, loud }) => {
          state.words.push(`${text} ${loud}`)
        },
      },
    },
    queries: { last: { read: (state) => state.words.at(-1) } },
  })
  const gateway = await gatewayOf({ machine, replica: await member(machine) })
  expect(await ask(gateway, '/v1/commands/say', { body: '{"text":"hi"}' })).toMatchObject({
    status: 200,
    json: { result: null },
  })
  expect(await ask(gateway, '/v1/queries/last')).toMatchObject({ json: { result: 'hi! true' } })
})

test('a result that JSON cannot say is told as such, with where it was carried out', async () => {
  const machine = defineMachine({
    name: 'odd',
    version: 1,
    initial: () => ({}),
    commands: { never: { apply: () => ({ deep: [Number.NaN] }) } },
    queries: {},
  })
  const gateway = await gatewayOf({ machine, replica: await member(machine) })
  const answer = await ask(gateway, '/v1/commands/never')
  expect(answer).toMatchObject({ status: 501, json: { error: { code: 'UNSUPPORTED', outcome: 'unknown' } } })
  expect(JSON.stringify(answer.json)).toContain('carried out at position 3')
  expect(JSON.stringify(answer.json)).toContain('the result.deep[0] is NaN')
})

test('a status tells how the member is, with the digest of its state if asked', async () => {
  const gateway = await gatewayOf({ replica: await member(counter) })
  await ask(gateway, '/v1/commands/add', { body: '{"by":2}' })
  const plain = await ask(gateway, '/v1/status', { method: 'GET' })
  expect(plain).toMatchObject({ status: 200, json: { id: 'n1', state: 'running', lastApplied: 3, digest: null } })
  const digested = await ask(gateway, '/v1/status?digest=true', { method: 'GET' })
  expect(digested.json).toMatchObject({ digest: { position: 3 } })
  expect(JSON.stringify(digested.json)).toMatch(/"sha256":"[0-9a-f]{64}"/)
})
