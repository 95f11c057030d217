import { solo } from '@quorate/conformance'
import { nodeEnvironment } from '@quorate/contracts/node'
import { counter } from '@quorate/machine-counter'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { expect, test } from 'vitest'
import { createReplica } from '../src/index.js'

function optionsWith(differs: object) {
  return {
    id: 'n1',
    members: { n1: '127.0.0.1:7001' },
    machine: counter,
    protocol: solo(),
    transport: memoryTransport({ hub: memoryHub() }),
    storage: memoryStorage(),
    environment: nodeEnvironment(),
    ...differs,
  }
}

const mistakes: readonly [what: string, differs: object, message: RegExp][] = [
  ['an unknown option', { electionTimeout: 5 }, /Unrecognized key: "electionTimeout"/],
  ['an id that is no member', { id: 'n4' }, /is not one of the members \(n1\)\n.*at id/],
  ['an id with a space', { id: 'n 1' }, /must be 1 to 64 of the characters.*\n.*at id/],
  ['no members', { members: {} }, /must name at least one member/],
  ['an address without a port', { members: { n1: 'localhost' } }, /must be an address like.*\n.*at members\.n1/],
  ['a misspelled member option', { members: { n1: { address: 'a:1', client: 'b:1' } } }, /at members\.n1/],
  [
    'no machine',
    { machine: {} },
    /must be a machine, as defineMachine makes them: create, .* is missing\n.*at machine/,
  ],
  [
    'a protocol without recover',
    { protocol: { name: 'x' } },
    /must be a protocol: recover, .* is missing\n.*at protocol/,
  ],
  ['a transport without start', { transport: {} }, /must be a transport: start is missing\n.*at transport/],
  ['a storage without open', { storage: null }, /must be a storage: open is missing\n.*at storage/],
  ['half a logger', { logger: { info() {} } }, /must be a logger .*: debug, warn, error is missing/],
  ['a timeout of zero', { timeoutMs: 0 }, /at timeoutMs/],
  ['commands above 4 MiB', { commandBytesMax: 5_000_000 }, /at commandBytesMax/],
]

test.each(mistakes)('D30: %s is refused with its path', async (_, differs, message) => {
  await expect(createReplica(optionsWith(differs))).rejects.toMatchObject({
    code: 'INVALID_OPTIONS',
    outcome: 'fatal',
    message: expect.stringMatching(message) as string,
  })
})

test('all mistakes are told at once', async () => {
  const error: unknown = await createReplica(optionsWith({ id: 'n9', timeoutMs: -1, color: 'red' })).catch(
    (thrown: unknown) => thrown,
  )
  expect(String(error)).toMatch(/color/)
  expect(String(error)).toMatch(/timeoutMs/)
})

test('a transport that cannot listen leaves the storage free for the next try', async () => {
  const storage = memoryStorage()
  const transport = { start: () => Promise.reject(new Error('the port is in use')) }
  await expect(createReplica(optionsWith({ storage, transport }))).rejects.toThrow('the port is in use')
  const replica = await createReplica(optionsWith({ storage }))
  expect(await replica.commands.add({ by: 1 })).toBe(1)
  await replica.close()
})

test('misuse of a running replica is a TypeError that says what is right', async () => {
  const replica = await createReplica(optionsWith({}))
  await expect(replica.queries.value({ consistency: 'eventual' as never })).rejects.toThrow(
    /consistency is "linearizable" or "local", not "eventual"/,
  )
  expect(() => replica.on('leader' as never, () => {})).toThrow(/there is no event "leader": listen to leadership/)
  await expect(replica.commands.add({ by: 1 }, { timeoutMs: 1.5 })).rejects.toThrow(/timeoutMs must be a whole number/)
  await replica.close()
})
