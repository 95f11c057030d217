import { createClient, nodeHttp } from '@quorate/client/node'
import { QuorateError } from '@quorate/contracts'
import { defineMachine } from '@quorate/machine'
import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  announcing,
  bareListener,
  clientOf,
  clusterId,
  deserted,
  fakeMember,
  hang,
  inTurn,
  noGateway,
  plainClientOf,
  pointAt,
  refuse,
  succeed,
} from './fake-members.js'

const box = defineMachine({
  name: 'box',
  version: 1,
  initial: (): { value: unknown } => ({ value: null }),
  commands: {
    put: { input: z.object({ value: z.unknown() }), apply: (state, { value }) => void (state.value = value) },
  },
  queries: { get: { read: (state) => state.value } },
})

test('the leader is found from any member and remembered', async () => {
  const leader = await fakeMember(succeed(7))
  const other = await fakeMember(pointAt(leader.address))
  const client = clientOf([other.address])
  expect(await client.commands.add({ by: 7 })).toBe(7)
  expect(await client.commands.add({ by: 7 })).toBe(7)
  expect(await client.queries.value()).toBe(7)
  expect(other.asked).toHaveLength(1)
  expect(leader.asked).toHaveLength(3)
})

test('a leader that changes is followed', async () => {
  const third = await fakeMember(succeed(9))
  const second = await fakeMember(inTurn(succeed(8), pointAt(third.address)))
  const first = await fakeMember(announcing([second.address, third.address], pointAt(second.address)))
  const client = clientOf([first.address])
  expect(await client.commands.add({ by: 1 })).toBe(8)
  expect(await client.commands.add({ by: 1 })).toBe(9)
  expect(await client.commands.add({ by: 1 })).toBe(9)
  expect([first.asked.length, second.asked.length]).toEqual([1, 2])
})

test.each(['NO_LEADER', 'NOT_LEADER', 'OVERLOADED', 'OVERWRITTEN', 'STOPPED'])(
  'a command that ended as %s without having happened is sent again',
  async (code) => {
    const member = await fakeMember(inTurn(refuse(code), refuse(code), succeed(3)))
    expect(await clientOf([member.address]).commands.add({ by: 3 })).toBe(3)
    expect(member.asked).toHaveLength(3)
  },
)

test.each(['INVALID_COMMAND', 'COMMAND_TOO_LARGE', 'UNSUPPORTED', 'VERSION_NOT_ACTIVE', 'INTERNAL'])(
  '%s is not asked for twice, by commands or queries',
  async (code) => {
    const member = await fakeMember(refuse(code))
    const client = clientOf([member.address])
    await expect(client.commands.add({ by: 3 })).rejects.toMatchObject({ code, outcome: 'notDone', message: 'said so' })
    await expect(client.queries.value()).rejects.toMatchObject({ code, outcome: 'notDone' })
    expect(member.asked).toHaveLength(2)
  },
)

test.each(['TIMED_OUT', 'LEADERSHIP_LOST', 'STOPPED', 'INTERNAL', 'SESSION_EXPIRED'])(
  'without a session, a command that ended as %s and may have happened is never sent again',
  async (code) => {
    const leader = { id: 'n2', clientAddress: '127.0.0.1:9' }
    const member = await fakeMember(refuse(code, { outcome: 'unknown', leader }))
    const refusal: unknown = await plainClientOf([member.address])
      .commands.add({ by: 3 })
      .catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(QuorateError)
    expect(refusal).toMatchObject({ code, outcome: 'unknown', message: 'said so', leader })
    expect(member.asked).toHaveLength(1)
  },
)

test.each(['TIMED_OUT', 'LEADERSHIP_LOST', 'STOPPED', 'APPLY_FAILED', 'STORAGE_FULL'])(
  'a query that one member ended as %s is asked of another',
  async (code) => {
    const [member, other] = [await fakeMember(refuse(code, { outcome: 'unknown' })), await fakeMember(succeed(5))]
    expect(await clientOf([member.address, other.address]).queries.value()).toBe(5)
    expect([member.asked.length, other.asked.length]).toEqual([1, 1])
  },
)

test('the end of a member leaves a command that it had in doubt: without a session it ends so, in one it is sent elsewhere', async () => {
  const act = refuse('STORAGE_FULL', { outcome: 'fatal' })
  const [member, other] = [await fakeMember(act), await fakeMember(succeed(5))]
  const addresses = [member.address, other.address]
  const refusal = plainClientOf(addresses).commands.add({ by: 3 })
  await expect(refusal).rejects.toMatchObject({ code: 'STORAGE_FULL', outcome: 'unknown', message: 'said so' })
  expect(other.asked).toHaveLength(0)
  expect(await clientOf(addresses).commands.add({ by: 3 })).toBe(5)
  const doubtful = clientOf([member.address]).commands.add({ by: 3 }, { timeoutMs: 200 })
  await expect(doubtful).rejects.toMatchObject({ code: 'TIMED_OUT', outcome: 'unknown' })
})

test('a code of a later version keeps its outcome', async () => {
  const member = await fakeMember(refuse('SOMETHING_NEW', { outcome: 'unknown' }))
  await expect(plainClientOf([member.address]).commands.add({ by: 3 })).rejects.toMatchObject({
    code: 'INTERNAL',
    outcome: 'unknown',
    message: 'SOMETHING_NEW: said so',
  })
})

test.each(noGateway)('without a session, %s leaves a command in doubt, and it is never sent again', async (_, act) => {
  const [member, other] = [await fakeMember(act), await fakeMember(succeed(1))]
  const client = plainClientOf([member.address, other.address])
  await expect(client.commands.add({ by: 1 })).rejects.toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown' })
  expect([member.asked.length, other.asked.length]).toEqual([1, 0])
})

test.each(noGateway)('%s sends a query elsewhere', async (_, act) => {
  const [member, other] = [await fakeMember(act), await fakeMember(succeed(5))]
  expect(await clientOf([member.address, other.address]).queries.value()).toBe(5)
  expect([member.asked.length, other.asked.length]).toEqual([1, 1])
})

test('bytes that are no HTTP leave a command in doubt', async () => {
  const member = await bareListener((socket) => socket.once('data', () => socket.end('SSH-2.0-x\r\n')))
  await expect(plainClientOf([member.address]).commands.add({ by: 1 })).rejects.toMatchObject({
    code: 'CONNECTION_LOST',
    outcome: 'unknown',
  })
})

test('an answer above the limit is not read, and leaves a command in doubt', async () => {
  const member = await fakeMember((request, response, at) => {
    response.setHeader('content-type', 'application/x-quorate+msgpack-1')
    response.setHeader('quorate-position', '1')
    response.end(new Uint8Array(at === 1 ? 1025 : 1))
    request.resume()
  })
  const client = plainClientOf([member.address], { http: nodeHttp({ answerBytesMax: 1024 }) })
  await expect(client.commands.add({ by: 1 })).rejects.toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown' })
  expect(await client.commands.add({ by: 1 })).toBe(0)
})

test('a member that accepts and never answers does not eat the deadline of a query', async () => {
  const [silent, other] = [await fakeMember(hang), await fakeMember(succeed(4))]
  const client = clientOf([silent.address, other.address], { attemptTimeoutMs: 20, timeoutMs: 20_000 })
  expect(await client.queries.value()).toBe(4)
  expect(await client.queries.value({ consistency: 'local' })).toBe(4)
  expect(silent.asked.length).toBeLessThanOrEqual(2)
})

test('without a session, a command that was sent and hangs ends at its deadline, in doubt, and is never sent again', async () => {
  const [silent, other] = [await fakeMember(hang), await fakeMember(succeed(4))]
  const client = plainClientOf([silent.address, other.address], { attemptTimeoutMs: 100 })
  const refusal = client.commands.add({ by: 1 }, { timeoutMs: 500 })
  await expect(refusal).rejects.toMatchObject({ code: 'TIMED_OUT', outcome: 'unknown' })
  expect([silent.asked.length, other.asked.length]).toEqual([1, 0])
})

test('a query that nobody answers ends at its deadline, and is not in doubt', async () => {
  const silent = await fakeMember(hang)
  const refusal = clientOf([silent.address]).queries.value({ timeoutMs: 50 })
  await expect(refusal).rejects.toMatchObject({ code: 'TIMED_OUT', outcome: 'notDone' })
})

test('where nobody listens, another member is asked, and a command is not in doubt', async () => {
  const [gone, member] = [await deserted(), await fakeMember(succeed(2))]
  expect(await clientOf([gone, member.address]).commands.add({ by: 2 })).toBe(2)
  const refusal = clientOf([gone]).commands.add({ by: 2 }, { timeoutMs: 50 })
  await expect(refusal).rejects.toMatchObject({ code: 'NO_LEADER', outcome: 'notDone' })
})

test('a name that nobody knows is not in doubt either', async () => {
  const member = await fakeMember(succeed(2))
  expect(await clientOf(['nowhere.invalid:1', member.address]).commands.add({ by: 2 })).toBe(2)
})

test('at the deadline, a command that was always refused ends as the last refusal', async () => {
  const member = await fakeMember(refuse('OVERLOADED', { message: 'the disk is full' }))
  const client = clientOf([member.address], { retryMinMs: 60_000, retryMaxMs: 60_000 })
  const refusal = client.commands.add({ by: 2 }, { timeoutMs: 500 })
  await expect(refusal).rejects.toMatchObject({ code: 'OVERLOADED', outcome: 'notDone', message: 'the disk is full' })
})

test('two members that point at each other are not asked in a frenzy', async () => {
  const addresses: string[] = []
  const [one, two] = [
    await fakeMember((request, response, at) => pointAt(addresses[1] ?? '')(request, response, at)),
    await fakeMember((request, response, at) => pointAt(addresses[0] ?? '')(request, response, at)),
  ]
  addresses.push(one.address, two.address)
  const client = clientOf([one.address], { retryMinMs: 60_000, retryMaxMs: 60_000 })
  const refusal = client.commands.add({ by: 2 }, { timeoutMs: 500 })
  await expect(refusal).rejects.toMatchObject({ code: 'NOT_LEADER', outcome: 'notDone' })
  expect(one.asked.length + two.asked.length).toBeLessThanOrEqual(10)
})

test('a hint to somebody who is not there is forgotten', async () => {
  const gone = await deserted()
  const member = await fakeMember(inTurn(pointAt(gone), pointAt(null), succeed(6)))
  expect(await clientOf([member.address]).commands.add({ by: 6 })).toBe(6)
  expect(member.asked).toHaveLength(3)
})

test('a member that points at itself is asked again, later', async () => {
  const addresses: string[] = []
  const member = await fakeMember((request, response, at) =>
    at < 3 ? pointAt(addresses[0] ?? '')(request, response, at) : succeed(6)(request, response, at),
  )
  addresses.push(member.address)
  expect(await clientOf(addresses).commands.add({ by: 6 })).toBe(6)
})

test('members are told to answer a little before the deadline', async () => {
  const member = await fakeMember(succeed(1))
  await plainClientOf([member.address]).commands.add({ by: 1 }, { timeoutMs: 10_000 })
  const timeoutMs = Number(/timeoutMs=(\d+)$/.exec(member.asked[0] ?? '')?.[1])
  expect(timeoutMs).toBeGreaterThan(1_000)
  expect(timeoutMs).toBeLessThanOrEqual(9_900)
})

test('a local query stays with the given addresses, wherever the leader is', async () => {
  const leader = await fakeMember(succeed(9))
  const given = await fakeMember((request, response, at) =>
    request.url?.startsWith('/v1/queries')
      ? succeed(1)(request, response, at)
      : pointAt(leader.address)(request, response, at),
  )
  const client = clientOf([given.address])
  expect(await client.commands.add({ by: 9 })).toBe(9)
  expect(await client.queries.value({ consistency: 'local' })).toBe(1)
  expect(given.asked.at(-1)).toMatch(/consistency=local$/)
})

test('a member that answers and points at the leader is asked once: the leader is asked next', async () => {
  const leader = await fakeMember(succeed(2))
  const member = await fakeMember((request, response, at) => {
    response.setHeader('quorate-leader', leader.address)
    response.setHeader('quorate-cluster', clusterId)
    return succeed(1)(request, response, at)
  })
  const client = clientOf([member.address])
  expect(await client.commands.add({ by: 1 })).toBe(1)
  expect(await client.commands.add({ by: 1 })).toBe(2)
  expect(await client.queries.value()).toBe(2)
  expect([member.asked.length, leader.asked.length]).toEqual([1, 2])
})

test('a value that JSON would change is refused by its path before anything is sent', async () => {
  const member = await fakeMember(succeed(1))
  const put = createClient({ machine: box, addresses: [member.address] }).commands.put
  for (const [value, message] of [
    [{ a: [{ b: undefined }] }, 'the input.value.a[0].b is undefined'],
    [[-0], 'the input.value[0] is -0'],
    [new Date(0), 'the input.value is a Date'],
    [{ big: 2n ** 60n }, 'the input.value.big is a bigint'],
    [NaN, 'the input.value is NaN'],
  ] as const) {
    const refusal = put({ value })
    await expect(refusal).rejects.toMatchObject({ code: 'INVALID_COMMAND', outcome: 'notDone' })
    await expect(refusal).rejects.toThrow(message)
  }
  expect([...member.asked, ...member.openings]).toEqual([])
})

test.each(noGateway)('%s opens no session, and another member is asked for one', async (_, act) => {
  const [stranger, member] = [await fakeMember(succeed(1), act), await fakeMember(succeed(5))]
  expect(await clientOf([stranger.address, member.address]).commands.add({ by: 1 })).toBe(5)
  expect([stranger.openings.length, member.openings.length]).toEqual([1, 1])
})

test.each(noGateway)(
  'in a session, %s sends a command elsewhere, and leaves it in doubt where there is nobody',
  async (_, act) => {
    const [stranger, member] = [await fakeMember(act), await fakeMember(succeed(5))]
    expect(await clientOf([stranger.address, member.address]).commands.add({ by: 1 })).toBe(5)
    const refusal = clientOf([stranger.address]).commands.add({ by: 1 }, { timeoutMs: 300 })
    await expect(refusal).rejects.toMatchObject({
      code: 'TIMED_OUT',
      outcome: 'unknown',
      cause: { code: 'CONNECTION_LOST' },
    })
  },
)

test('what answers in the place of a member is the cause of the last error, and says what it answered', async () => {
  const stranger = await fakeMember(succeed(1), (_, response) => response.end('<html>welcome</html>'))
  const nobody = clientOf([stranger.address, await deserted()])
  const error: unknown = await nobody.commands.add({ by: 1 }, { timeoutMs: 400 }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'NO_LEADER', outcome: 'notDone', cause: { code: 'CONNECTION_LOST' } })
})

test('a status that is none of a member is a QuorateError, and another member is asked for one', async () => {
  const stranger = await fakeMember((_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"n1","state":"well"}'),
  )
  const refusal = clientOf([stranger.address]).status(stranger.address)
  await expect(refusal).rejects.toMatchObject({ code: 'CONNECTION_LOST', outcome: 'notDone' })
  await expect(refusal).rejects.toThrow(`${stranger.address} answered 200 (application/json), which no gateway does`)
  const nobody = clientOf([stranger.address]).status(undefined, { timeoutMs: 200 })
  await expect(nobody).rejects.toMatchObject({ code: 'NO_LEADER', cause: { code: 'CONNECTION_LOST' } })
})
