import { position } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { ActedReplica, ask, bareConnection, gatewayOf, mountedOverTls, until, type TestServer } from './members.js'

const mebibyte = 1024 * 1024
const never = new ActedReplica(() => Promise.reject(new Error('nothing should have reached the replica')))
const head = 'POST /v1/commands/add HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'

/** What comes back for a request as it stands, once the member has ended its answer. */
async function rawly(server: TestServer, request: string): Promise<string> {
  const { socket, received } = await bareConnection(server)
  socket.write(request)
  await until(() => received().includes('"error"'))
  return received()
}

describe.each([
  ['a gateway', gatewayOf],
  ['httpHandler in an https server', mountedOverTls],
] as const)('%s', (_, serve) => {
  test.each<[string, string, RegExp]>([
    ['a body of 100 MiB that says so', `${head}content-length: ${100 * mebibyte}\r\n\r\n`, /^HTTP\/1\.1 413 /],
    ['two Host headers', 'GET /v1/status HTTP/1.1\r\nhost: localhost\r\nhost: n2\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a name that nobody announced', 'GET /v1/status HTTP/1.1\r\nhost: evil.example\r\n\r\n', /^HTTP\/1\.1 421 /],
  ])('refuses %s, unread', async (_, request, status) => {
    expect(await rawly(await serve({ replica: never }), request)).toMatch(status)
  })

  test.each<[string, string, number]>([
    ['more values than there may be', `{${Array.from({ length: 3_000 }, (_, at) => `"${at}":1`).join(',')}}`, 413],
    ['more levels than there may be', '['.repeat(200_000), 400],
    ['a body that does not fit', '{"by":"one"}', 400],
    ['a number that would be rounded', '{"by":9007199254740993}', 400],
  ])('refuses %s in a few bytes', async (_, body, status) => {
    const answer = await ask(await serve({ replica: never }), '/v1/commands/add', { body })
    expect(answer).toMatchObject({ status, json: { error: { outcome: 'notDone' } } })
    expect(answer.bytes.length).toBeLessThan(2_000)
  })

  test('refuses a page of another site, reads included', async () => {
    const server = await serve({ replica: never })
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }] as const) {
      for (const [method, path] of [
        ['GET', '/v1/status?digest=true'],
        ['POST', '/v1/queries/value'],
      ] as const) {
        expect(await ask(server, path, { method, headers: { ...headers } })).toMatchObject({ status: 403 })
      }
    }
  })

  test('refuses sessions of an address that has opened as many as it may', async () => {
    const replica = new ActedReplica(async () => ({ position: position(1), result: new Uint8Array() }))
    const server = await serve({ replica, sessionsBurst: 2, sessionsPerSecond: 0.001 })
    const statuses: number[] = []
    for (let count = 0; count < 3; count += 1) statuses.push((await ask(server, '/v1/sessions')).status)
    expect(statuses).toEqual([200, 200, 503])
  })

  test('gives a request up when its sender has gone', async () => {
    let signal: AbortSignal | undefined
    const replica = new ActedReplica((_, options) => {
      signal = options?.signal as AbortSignal
      return new Promise(() => {})
    })
    const { socket } = await bareConnection(await serve({ replica }))
    socket.write(`${head}content-length: 8\r\n\r\n{"by":1}`)
    await until(() => signal !== undefined)
    socket.destroy()
    await until(() => signal?.aborted === true)
  })
})
