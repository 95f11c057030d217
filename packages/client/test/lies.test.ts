import { QuorateError, type JsonValue } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { expect, test } from 'vitest'
import {
  announcing,
  clientOf,
  clusterId,
  fakeMember,
  inTurn,
  plainClientOf,
  pointAt,
  succeed,
  type Act,
} from './fake-members.js'

/** The options of a client that is quick to give up. */
const hasty = { timeoutMs: 300, retryMinMs: 20 }

test('a client does not follow what came to stand at an address that it only learned', async () => {
  const trap = await fakeMember(succeed(666))
  const learned = await fakeMember(inTurn(succeed(1), announcing([trap.address], pointAt(trap.address))))
  const given = await fakeMember(inTurn(pointAt(learned.address), succeed(2)))
  const client = clientOf([given.address])
  expect(await client.commands.add({ by: 1 })).toBe(1)
  expect(await client.commands.add({ by: 1 })).toBe(2)
  expect([...trap.asked, ...trap.openings]).toEqual([])
})

test('a client does not follow the hint of an answer that tells no cluster, or another one', async () => {
  const trap = await fakeMember(succeed(666))
  const stranger = (headers: Record<string, string>): Act => {
    const error = {
      code: 'NOT_LEADER',
      outcome: 'notDone',
      message: 'go there',
      leader: { id: 'n9', clientAddress: trap.address },
    }
    return (_, response) =>
      response.writeHead(503, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ error }))
  }
  const hint = { 'quorate-leader': trap.address, 'quorate-members': trap.address }
  const ours: Act = (request, response, at) => {
    response.setHeader('quorate-cluster', clusterId)
    return succeed(1)(request, response, at)
  }
  const hinting: Act = (request, response, at) => {
    for (const [name, value] of Object.entries(hint)) response.setHeader(name, value)
    return succeed(2)(request, response, at)
  }
  const other = { ...hint, 'quorate-cluster': 'f'.repeat(32) }
  const given = await fakeMember(inTurn(ours, stranger(hint), stranger(other), hinting, succeed(3)))
  const client = clientOf([given.address])
  for (const value of [1, 2, 3]) expect(await client.commands.add({ by: 1 })).toBe(value)
  expect([...trap.asked, ...trap.openings]).toEqual([])
})

test('where the members are is learned from those that were given, a few at most', async () => {
  const third = await fakeMember(succeed(3))
  const second = await fakeMember(pointAt(third.address))
  const many = Array.from({ length: 10_000 }, (_, at) => `10.0.0.1:${at + 1}`)
    .join(',')
    .slice(0, 8_000)
  const given = await fakeMember(announcing([second.address, third.address, many], pointAt(second.address)))
  expect(await clientOf([given.address]).commands.add({ by: 1 })).toBe(3)
})

const json = (body: string, status = 503): Act => {
  return (_, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(body)
}
const failure = (error: JsonValue): Act => json(JSON.stringify({ error }))
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const result = (bytes: Uint8Array): Act => {
  const headers = { 'content-type': `application/x-quorate+${counter.codec}`, 'quorate-position': '1' }
  return (_, response) => response.writeHead(200, headers).end(bytes)
}
const told = { code: 'NO_LEADER', outcome: 'notDone', message: 'x', leader: null }

/** Answers that are deep, large, or not of the types that a member's are. */
const lies: readonly (readonly [name: string, act: Act])[] = [
  ['JSON of a million levels', json(deep(1_000_000))],
  ['a failure with a million levels in it', json(`{"error":${JSON.stringify(told)},"more":${deep(1_000_000)}}`)],
  ['a failure of 8 MiB', failure({ ...told, message: 'x'.repeat(8 * 1024 * 1024) })],
  ['a message of 900 KiB', failure({ ...told, code: 'INVALID_COMMAND', message: 'x'.repeat(900_000) })],
  ['a code of 900 KiB', failure({ ...told, code: 'x'.repeat(900_000) })],
  ['a failure of a million items', json(`{"error":${JSON.stringify(told)},"more":[${'1,'.repeat(1_000_000)}1]}`)],
  ['a leader with a long name', failure({ ...told, leader: { id: 'x'.repeat(900_000), clientAddress: null } })],
  ['an outcome that is none', failure({ ...told, outcome: 'done' })],
  ['a message that is no text', failure({ ...told, message: { toString: 1 } })],
  ['an inherited code', failure({ ...told, code: 'constructor' })],
  ['a result of 100,000 levels', result(new Uint8Array(100_000).fill(0x91))],
  ['a result that would have 2^32 - 1 items', result(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff))],
  ['a result that is an error', result(Uint8Array.of(0xd4, 0x65, 0, 0x92, 0xa1, 0x78, 0xa1, 0x79))],
]

test.each(lies)('an answer that lies is an error with a code and an outcome, in a few words: %s', async (_, act) => {
  const member = await fakeMember(act)
  const thrown: unknown = await plainClientOf([member.address], hasty)
    .commands.add({ by: 1 })
    .catch((error: unknown) => error)
  expect(thrown).toBeInstanceOf(QuorateError)
  const { code, outcome, message } = thrown as QuorateError
  expect(code).toMatch(/^[A-Z_]+$/)
  expect(['notDone', 'unknown']).toContain(outcome)
  expect(message.length).toBeLessThan(3_000)
})

test.each<[string, string]>([
  ['a million levels', deep(1_000_000)],
  ['8 MiB', `{"id":"${'x'.repeat(8 * 1024 * 1024)}"}`],
  ['twenty thousand wrong members', `{"members":[${'1,'.repeat(19_000)}1]}`],
  ['null', 'null'],
])('a status that lies is an error with a code and an outcome, in a few words: %s', async (_, body) => {
  const member = await fakeMember(json(body, 200))
  const thrown: unknown = await clientOf([member.address], { timeoutMs: 20_000 })
    .status(member.address)
    .catch((error: unknown) => error)
  expect(thrown).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'notDone' })
  expect((thrown as QuorateError).message.length).toBeLessThan(3_000)
})
