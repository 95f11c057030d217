import type { JsonValue } from '@quorate/contracts'
import { position } from '@quorate/contracts'
import { defineMachine } from '@quorate/machine'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ActedReplica, ask, bareConnection, gatewayOf, until, type Answered } from './members.js'

const mebibyte = 1024 * 1024
/** What a refusal may have at most, whatever was sent. */
const refusalBytesMax = 8 * 1024

let validated = 0

function counted<Schema extends z.ZodType>(schema: Schema): z.ZodType<unknown> {
  return z.preprocess((input) => ((validated += 1), input), schema)
}

const machine = defineMachine({
  name: 'forms',
  version: 1,
  initial: () => ({}),
  commands: {
    fill: { input: counted(z.strictObject({ by: z.number().optional() })), apply: () => null },
    list: { input: counted(z.array(z.strictObject({ name: z.string(), age: z.number() }))), apply: () => null },
  },
  queries: {},
})
const replica = new ActedReplica(() => Promise.resolve({ position: position(1), result: Uint8Array.of(0xc0) }))

async function refusalOf(path: string, body: string, options: { bodyValuesMax?: number } = {}): Promise<Answered> {
  validated = 0
  const gateway = await gatewayOf({ replica, machine, ...options })
  return ask(gateway, path, { body })
}

/** So many keys that no schema knows. */
function unknownKeys(bytes: number): string {
  const keys = Array.from({ length: Math.floor(bytes / 12) }, (_, at) => `"k${String(at).padStart(6, '0')}":1`)
  return `{${keys.join(',')}}`
}

test.each<[string, string, () => string]>([
  ['6.3 MiB of unknown keys', 'fill', () => unknownKeys(6.3 * mebibyte)],
  ['1 MiB of items that do not fit', 'list', () => `[${'{},'.repeat(mebibyte / 3 - 2)}{}]`],
  ['8 MiB of items that do not fit', 'list', () => `[${'1,'.repeat(4 * mebibyte - 2)}1]`],
])('%s are refused without asking the schema, in a few bytes', async (_, name, body) => {
  const answer = await refusalOf(`/v1/commands/${name}`, body())
  expect(answer).toMatchObject({ status: 413, json: { error: { code: 'COMMAND_TOO_LARGE', outcome: 'notDone' } } })
  expect(answer.bytes.length).toBeLessThan(refusalBytesMax)
  expect(validated).toBe(0)
})

test.each<[string, string, () => string]>([
  ['as many unknown keys as there may be', 'fill', () => unknownKeys(1_900 * 12)],
  ['as many items that do not fit as there may be', 'list', () => `[${'1,'.repeat(1_800)}1]`],
  ['a key of 4 MiB', 'fill', () => `{"${'x'.repeat(4 * mebibyte)}":1}`],
  ['a key of what JSON writes with six letters each', 'fill', () => `{"${'\\u0000'.repeat(100_000)}":1}`],
  ['a number of 1 MiB', 'list', () => `[${'1'.repeat(mebibyte)}]`],
  ['a path of long keys', 'fill', () => `{"${'x'.repeat(mebibyte)}":{"${'y'.repeat(mebibyte)}":1e999}}`],
])('what a schema or a reader says of %s is cut', async (_, name, body) => {
  const answer = await refusalOf(`/v1/commands/${name}`, body())
  expect(answer).toMatchObject({ status: 400, json: { error: { code: 'INVALID_COMMAND' } } })
  expect(answer.bytes.length).toBeLessThan(refusalBytesMax)
})

test.each<[string, () => string]>([
  ['lists', () => '['.repeat(4 * mebibyte) + ']'.repeat(4 * mebibyte)],
  ['objects', () => '{"a":'.repeat(mebibyte) + '1' + '}'.repeat(mebibyte)],
  ['lists of 101 levels', () => '['.repeat(101) + ']'.repeat(101)],
])('%s that are nested too deeply are refused without asking the schema', async (_, body) => {
  const answer = await refusalOf('/v1/commands/list', body())
  expect(answer).toMatchObject({ status: 400, json: { error: { code: 'INVALID_COMMAND' } } })
  expect(JSON.stringify(answer.json)).toContain('nested too deeply')
  expect(validated).toBe(0)
})

test.each([
  ['too many values', '1,'.repeat(21_000), 413],
  ['too many levels', '['.repeat(100), 400],
])('a body of %s is refused when they have come, and the rest is not waited for', async (_, beginning, status) => {
  const gateway = await gatewayOf({ replica, machine })
  const { socket, received } = await bareConnection(gateway)
  const head = 'POST /v1/commands/list HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
  socket.write(`${head}content-length: ${8 * mebibyte}\r\n\r\n[${beginning}`)
  await until(() => received().startsWith(`HTTP/1.1 ${status}`))
})

test('brackets and commas within text are no values, and the bound is an option', async () => {
  const people = (count: number): JsonValue =>
    Array.from({ length: count }, (_, at) => ({ name: `[{,"\\${'[,'.repeat(50)}`, age: at }))
  const gateway = await gatewayOf({ replica, machine, bodyValuesMax: 32 })
  expect(await ask(gateway, '/v1/commands/list', { body: JSON.stringify(people(10)) })).toMatchObject({ status: 200 })
  expect(await ask(gateway, '/v1/commands/list', { body: JSON.stringify(people(11)) })).toMatchObject({ status: 413 })
})

test.each<[string, string, Record<string, string>]>([
  ['a path', `/${'x'.repeat(12_000)}`, {}],
  ['a parameter', `/v1/commands/fill?${'x'.repeat(12_000)}=1`, {}],
  ['many parameters', `/v1/commands/fill?${Array.from({ length: 2_000 }, (_, at) => `x${at}`).join('&')}`, {}],
  ['a parameter that is given twice', `/v1/status?${'x'.repeat(6_000)}=1&${'x'.repeat(6_000)}=1`, {}],
  ['a name', `/v1/commands/${'x'.repeat(12_000)}`, {}],
  ['an accepted type', '/v1/commands/fill', { accept: `application/x-quorate+${'x'.repeat(12_000)}` }],
  ['a type of the body', '/v1/commands/fill', { 'content-type': 'x'.repeat(12_000) }],
  ['an origin', '/v1/commands/fill', { origin: 'x'.repeat(12_000) }],
  ['a host', '/v1/commands/fill', { host: 'x'.repeat(12_000) }],
])('a refusal does not repeat %s whole', async (_, path, headers) => {
  const gateway = await gatewayOf({ replica, machine })
  const answer = await ask(gateway, path, { body: '{}', headers })
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(answer.bytes.length).toBeLessThan(2_000)
})

test('refusals that wait to leave count as answers do', async () => {
  let finish = (): void => {}
  const slow = new ActedReplica(
    () => new Promise((resolve) => (finish = () => resolve({ position: position(1), result: Uint8Array.of(0xc0) }))),
  )
  const gateway = await gatewayOf({ replica: slow, machine })
  const held = async (): Promise<number> => {
    const { bytes } = await ask(gateway, '/metrics', { method: 'GET' })
    return Number(/of="answers"} (\d+)/.exec(Buffer.from(bytes).toString())?.[1])
  }
  const { socket, received } = await bareConnection(gateway)
  const head = (path: string) => `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`
  // The first is answered last, and the refusals wait behind it.
  socket.write(`${head('/v1/commands/fill')}content-length: 2\r\n\r\n{}`)
  for (let count = 0; count < 3; count += 1) socket.write(`${head(`/v1/commands/${'x'.repeat(4_000)}`)}\r\n`)
  await until(async () => (await held()) > 3_000)
  finish()
  await until(() => received().split('HTTP/1.1 404').length === 4)
  await until(async () => (await held()) === 0)
})

test('a refusal says less while answers hold as much as they may', async () => {
  const gateway = await gatewayOf({ replica, machine, pendingAnswerBytesMax: 1 })
  const answer = await ask(gateway, `/v1/commands/${'x'.repeat(4_000)}`)
  expect(answer).toMatchObject({ status: 404, json: { error: { code: 'INVALID_COMMAND' } } })
  expect(answer.bytes.length).toBeLessThan(300)
})
