import { nodeEnvironment } from '@quorate/contracts/node'
import type { HttpAnswer, HttpCall, HttpPort } from '@quorate/client'
import { expect, test } from 'vitest'
import {
  breakOff,
  clientOf,
  clusterId,
  deserted,
  fakeMember,
  hang,
  inTurn,
  noGateway,
  openSession,
  plainClientOf,
  refuse,
  succeed,
  type FakeMember,
} from './fake-members.js'

/** `session/sequence/lowestUnacknowledged` of every command that a member was asked for. */
function placesOf({ asked }: Pick<FakeMember, 'asked'>): string[] {
  return asked.map((request) => {
    const parameters = new URLSearchParams(request.slice(request.indexOf('?')))
    return ['session', 'sequence', 'lowestUnacknowledged'].map((name) => parameters.get(name)).join('/')
  })
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nodeEnvironment().yieldTurn()
}

test('D11: a session is opened at the first command, shared by those that come meanwhile, and none for queries', async () => {
  const member = await fakeMember(succeed(1))
  const client = clientOf([member.address])
  await client.queries.value()
  expect(member.openings).toEqual([])
  await Promise.all([client.commands.add({ by: 1 }), client.commands.add({ by: 1 })])
  await client.commands.add({ by: 1 })
  expect(member.openings).toEqual([expect.stringMatching(/^POST \/v1\/sessions\?nonce=[0-9a-f]{32}&timeoutMs=1000$/)])
  expect(placesOf(member).slice(1).sort()).toEqual(['s11/1/1', 's11/2/1', 's11/3/3'])
})

test('a client without sessions opens none', async () => {
  const member = await fakeMember(succeed(1))
  await plainClientOf([member.address]).commands.add({ by: 1 })
  expect(member.openings).toEqual([])
  expect(placesOf(member)).toEqual(['//'])
})

test.each(['TIMED_OUT', 'LEADERSHIP_LOST', 'STOPPED', 'INTERNAL', 'OVERLOADED', 'STORAGE_FULL', 'SOMETHING_NEW'])(
  'D11: in a session, a command that ended as %s and may have happened is sent again in its place, to another member',
  async (code) => {
    const [member, other] = [await fakeMember(refuse(code, { outcome: 'unknown' })), await fakeMember(succeed(3))]
    expect(await clientOf([member.address, other.address]).commands.add({ by: 3 })).toBe(3)
    expect([placesOf(member), placesOf(other)]).toEqual([['s11/1/1'], ['s11/1/1']])
  },
)

test.each(noGateway)('D11: in a session, %s sends a command elsewhere, in its place', async (_, act) => {
  const [member, other] = [await fakeMember(act), await fakeMember(succeed(5))]
  expect(await clientOf([member.address, other.address]).commands.add({ by: 1 })).toBe(5)
  expect([placesOf(member), placesOf(other)]).toEqual([['s11/1/1'], ['s11/1/1']])
})

test('a member that accepts and never answers does not eat the deadline of a command in a session', async () => {
  const [silent, other] = [await fakeMember(hang), await fakeMember(succeed(4))]
  const client = clientOf([silent.address, other.address], { attemptTimeoutMs: 20, timeoutMs: 20_000 })
  expect(await client.commands.add({ by: 4 })).toBe(4)
  expect([placesOf(silent), placesOf(other)]).toEqual([['s11/1/1'], ['s11/1/1']])
})

test('D11: a command that is in doubt until its deadline ends so, and is acknowledged by the next one', async () => {
  const member = await fakeMember(inTurn(hang, hang, succeed(1)))
  const client = clientOf([member.address], { attemptTimeoutMs: 60 })
  const refusal = client.commands.add({ by: 1 }, { timeoutMs: 100 })
  await expect(refusal).rejects.toMatchObject({ code: 'TIMED_OUT', outcome: 'unknown' })
  member.asked.splice(0)
  expect(await client.commands.add({ by: 1 })).toBe(1)
  expect(placesOf(member)[0]).toBe('s11/2/2')
})

test('doubt that came once stays: a later refusal says nothing of an earlier attempt', async () => {
  const member = await fakeMember(inTurn(breakOff, refuse('NO_LEADER')))
  const refusal = clientOf([member.address]).commands.add({ by: 1 }, { timeoutMs: 200 })
  await expect(refusal).rejects.toMatchObject({ code: 'TIMED_OUT', outcome: 'unknown' })
  expect(member.asked.length).toBeGreaterThan(1)
})

test.each(['INVALID_COMMAND', 'UNSUPPORTED', 'VERSION_NOT_ACTIVE', 'INTERNAL'])(
  'a command in doubt that is then refused for good as %s stays in doubt',
  async (code) => {
    const member = await fakeMember(inTurn(breakOff, refuse(code)))
    await expect(clientOf([member.address]).commands.add({ by: 1 })).rejects.toMatchObject({ code, outcome: 'unknown' })
    expect(member.asked).toHaveLength(2)
  },
)

test('a signal between two attempts ends a command that was in doubt as such', async () => {
  const member = await fakeMember(breakOff)
  const controller = new AbortController()
  const client = clientOf([member.address], { retryMinMs: 10_000, retryMaxMs: 10_000, timeoutMs: 20_000 })
  const ended = client.commands.add({ by: 1 }, { signal: controller.signal })
  await until(() => member.asked.length === 1)
  for (let turn = 0; turn < 50; turn += 1) await nodeEnvironment().yieldTurn()
  controller.abort()
  await expect(ended).rejects.toMatchObject({ code: 'ABORTED', outcome: 'unknown' })
})

test('D11: a command that certainly did not happen in a session that has expired goes on in another', async () => {
  const member = await fakeMember(inTurn(succeed(1), refuse('NO_LEADER'), refuse('SESSION_EXPIRED'), succeed(2)))
  const client = clientOf([member.address])
  await client.commands.add({ by: 1 })
  expect(await client.commands.add({ by: 1 })).toBe(2)
  expect(placesOf(member)).toEqual(['s11/1/1', 's11/2/2', 's11/2/2', 's12/1/1'])
})

test('D11: a command in doubt whose session has expired ends in doubt, and the next one has another session', async () => {
  const member = await fakeMember(inTurn(breakOff, refuse('SESSION_EXPIRED'), succeed(2)))
  const client = clientOf([member.address])
  const refusal = client.commands.add({ by: 1 })
  await expect(refusal).rejects.toMatchObject({ code: 'SESSION_EXPIRED', outcome: 'unknown' })
  expect(await client.commands.add({ by: 1 })).toBe(2)
  expect(placesOf(member)).toEqual(['s11/1/1', 's11/1/1', 's12/1/1'])
})

test('D11: an expiry of which the member itself is in doubt ends in doubt', async () => {
  const member = await fakeMember(refuse('SESSION_EXPIRED', { outcome: 'unknown' }))
  const refusal = clientOf([member.address]).commands.add({ by: 1 })
  await expect(refusal).rejects.toMatchObject({ code: 'SESSION_EXPIRED', outcome: 'unknown' })
  expect(member.asked).toHaveLength(1)
})

/** A client whose nonces differ, and can be told apart. */
function countingClientOf(addresses: string[], options: Parameters<typeof clientOf>[1] = {}) {
  let dice = 0
  const environment = { ...nodeEnvironment(), randomBytes: (count: number) => new Uint8Array(count).fill((dice += 1)) }
  return clientOf(addresses, { environment, ...options })
}

function noncesOf({ openings }: FakeMember): (string | undefined)[] {
  return openings.map((opening) => /nonce=([0-9a-f]+)/.exec(opening)?.[1])
}

test('an opening whose answer was lost is asked for again under its nonce; the next session has another', async () => {
  const acts = inTurn(breakOff, hang, refuse('TIMED_OUT', { outcome: 'unknown' }), openSession)
  const member = await fakeMember(inTurn(succeed(1), refuse('SESSION_EXPIRED'), succeed(2)), acts)
  const client = countingClientOf([member.address], { attemptTimeoutMs: 20 })
  await client.commands.add({ by: 1 })
  await client.commands.add({ by: 1 })
  const nonces = noncesOf(member)
  expect(nonces).toHaveLength(5)
  expect(new Set(nonces.slice(0, 4)).size).toBe(1)
  expect(nonces[4]).not.toBe(nonces[0])
})

test('an opening that ended with its own deadline is begun again under its nonce, for commands that have time', async () => {
  const member = await fakeMember(succeed(1), (request, response, at) =>
    at < 4 ? refuse('NO_LEADER')(request, response, at) : openSession(request, response, at),
  )
  const client = countingClientOf([member.address], { timeoutMs: 20, retryMinMs: 15, retryMaxMs: 15 })
  expect(await client.commands.add({ by: 1 }, { timeoutMs: 20_000 })).toBe(1)
  expect(new Set(noncesOf(member)).size).toBe(1)
})

test('D37: where no session can be had, a command ends at its deadline with the reason, and did not happen', async () => {
  const full = refuse('OVERLOADED', { message: 'as many sessions as it can hold' })
  const [member, gone] = [await fakeMember(succeed(1), full), await deserted()]
  const client = clientOf([member.address])
  const refusal = client.commands.add({ by: 1 }, { timeoutMs: 100 })
  await expect(refusal).rejects.toMatchObject({
    code: 'OVERLOADED',
    outcome: 'notDone',
    message: 'as many sessions as it can hold',
  })
  const lost = clientOf([gone]).commands.add({ by: 1 }, { timeoutMs: 100 })
  await expect(lost).rejects.toMatchObject({ code: 'NO_LEADER', outcome: 'notDone' })
  expect(member.asked).toEqual([])
})

test('a cluster that knows no sessions is told as such, at once', async () => {
  const member = await fakeMember(succeed(1), refuse('UNSUPPORTED'))
  const refusal = clientOf([member.address]).commands.add({ by: 1 })
  await expect(refusal).rejects.toMatchObject({ code: 'UNSUPPORTED', outcome: 'notDone' })
  expect(member.openings).toHaveLength(1)
  const odd = await fakeMember(succeed(1), (_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"session":"eleven"}'),
  )
  // That is no answer of a member: others are asked, and with none the answer is the cause.
  const unheard = clientOf([odd.address]).commands.add({ by: 1 }, { timeoutMs: 200 })
  await expect(unheard).rejects.toMatchObject({
    code: 'NO_LEADER',
    outcome: 'notDone',
    cause: { code: 'CONNECTION_LOST' },
  })
})

test('a client that is closed while a session is opened ends what waits for it', async () => {
  const member = await fakeMember(succeed(1), hang)
  const client = clientOf([member.address])
  const refusal = client.commands.add({ by: 1 })
  await until(() => member.openings.length === 1)
  await Promise.all([expect(refusal).rejects.toMatchObject({ code: 'STOPPED', outcome: 'notDone' }), client.close()])
})

test('D11, D37: while one command is unanswered, a session takes 8,192 counts, and the next opens another', async () => {
  const calls: string[] = []
  const http: HttpPort = {
    send(call: HttpCall) {
      call.onSent()
      if (call.path.includes('/v1/commands')) calls.push(call.path)
      return { answer: calls.length === 1 ? new Promise(() => {}) : Promise.resolve(answerTo(call)), cancel() {} }
    },
    close: async () => {},
  }
  const client = clientOf(['127.0.0.1:1'], { http, attemptTimeoutMs: 600_000 })
  const first = client.commands.add({ by: 1 }).catch(() => 'closed')
  await until(() => calls.length === 1)
  for (let count = 2; count <= 8_193; count += 1) await client.commands.add({ by: 1 })
  expect(calls[8_191]).toMatch(/session=s11&sequence=8192&lowestUnacknowledged=1$/)
  expect(calls[8_192]).toMatch(/session=s12&sequence=1&lowestUnacknowledged=1$/)
  await client.close()
  expect(await first).toBe('closed')
})

let opened = 10

function answerTo({ path, accept }: HttpCall): HttpAnswer {
  const bytes = Uint8Array.of(1)
  const text = path.startsWith('/v1/sessions')
    ? JSON.stringify({ session: `s${(opened += 1)}`, cluster: clusterId })
    : '1'
  return { status: 200, headers: { 'content-type': accept, 'quorate-position': '1' }, bytes, text: () => text }
}
