import { once } from 'node:events'
import { position, silentLogger } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { expect, test, vi } from 'vitest'
import { tokenOfHandle } from '../src/session-token.js'
import {
  ActedReplica,
  type Answered,
  ask,
  bareConnection,
  clusterId,
  gatewayOf,
  member,
  overBoth,
  until,
} from './members.js'

const mebibyte = 1024 * 1024
const never = new ActedReplica(() => Promise.reject(new Error('nothing should have reached the replica')))
const postHead = 'POST /v1/commands/add HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'

overBoth('D34: a body of 100 MiB that says so is refused unread, and the member goes on', async () => {
  const gateway = await gatewayOf({ replica: await member(counter) })
  const { socket, received, closed } = await bareConnection(gateway)
  socket.write(`${postHead}content-length: ${100 * mebibyte}\r\n\r\n`)
  await until(() => received().includes('COMMAND_TOO_LARGE'))
  expect(received()).toMatch(/^HTTP\/1\.1 413 /)
  expect(received()).toContain('connection: close')
  expect(socket.bytesWritten).toBeLessThan(1024)
  await closed
  expect(await ask(gateway, '/v1/commands/add', { body: '{"by":1}' })).toMatchObject({ status: 200 })
})

overBoth(
  'D34: a body of 100 MiB that is streamed at the member is refused while it arrives, and is never read to its end',
  async () => {
    const gateway = await gatewayOf({ replica: never })
    const { socket, received, closed } = await bareConnection(gateway)
    socket.write(`${postHead}transfer-encoding: chunked\r\n\r\n`)
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(mebibyte, 0x20), Buffer.from('\r\n')])
    let chunks = 0
    while (!socket.destroyed && chunks < 100) {
      chunks += 1
      if (!socket.write(chunk)) await Promise.race([once(socket, 'drain').catch(() => {}), closed])
    }
    await closed
    expect(received()).toMatch(/^HTTP\/1\.1 413 /)
    expect(chunks).toBeLessThan(100)
  },
)

overBoth('a sender that asks before it sends a large body is refused without sending it', async () => {
  const gateway = await gatewayOf({ replica: await member(counter) })
  const { socket, received } = await bareConnection(gateway)
  socket.write(`${postHead}expect: 100-continue\r\ncontent-length: ${100 * mebibyte}\r\n\r\n`)
  await until(() => received().includes('\r\n\r\n'))
  expect(received()).toMatch(/^HTTP\/1\.1 413 /)
  const other = await bareConnection(gateway)
  other.socket.write(`${postHead}expect: 100-continue\r\ncontent-length: 8\r\n\r\n`)
  await until(() => other.received().includes('100 Continue'))
  other.socket.write('{"by":1}')
  await until(() => other.received().includes('HTTP/1.1 200 '))
})

overBoth('a body that is refused for another reason is not read to its end either', async () => {
  const gateway = await gatewayOf({ replica: never })
  const { socket, received, closed } = await bareConnection(gateway)
  socket.write(`POST /nowhere HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${100 * mebibyte}\r\n\r\n`)
  await closed
  expect(received()).toMatch(/^HTTP\/1\.1 404 /)
})

overBoth('a head that never ends is given up', async () => {
  const gateway = await gatewayOf({ replica: never, headersTimeoutMs: 50, requestTimeoutMs: 100 })
  const { socket, received, closed } = await bareConnection(gateway)
  socket.write('POST /v1/commands/add HTTP/1.1\r\nhost: localhost\r\nx: ')
  await closed
  expect(received()).toMatch(/^HTTP\/1\.1 408 /)
})

overBoth('a head that is too large is refused', async () => {
  const gateway = await gatewayOf({ replica: never })
  const { socket, received, closed } = await bareConnection(gateway)
  socket.write(`POST /v1/commands/add HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(100_000)}`)
  await closed
  expect(received()).toMatch(/^HTTP\/1\.1 431 /)
})

overBoth('a body that never ends is given up, and what it held is given back', async () => {
  const gateway = await gatewayOf({
    replica: await member(counter),
    headersTimeoutMs: 50,
    requestTimeoutMs: 50,
    bodyBytesMax: 16,
    pendingBytesMax: 16,
  })
  const { socket, closed } = await bareConnection(gateway)
  socket.write(`${postHead}content-length: 12\r\n\r\n{"by":`)
  await closed
  await until(async () => (await ask(gateway, '/v1/commands/add', { body: '{"by": 10000}' })).status === 200)
})

overBoth('a body whose sender goes away in the middle is no mistake of ours, and is not told as one', async () => {
  const error = vi.fn()
  const logger = { ...silentLogger, error }
  const gateway = await gatewayOf({ replica: await member(counter), bodyBytesMax: 16, pendingBytesMax: 16, logger })
  const { socket } = await bareConnection(gateway)
  socket.write(`${postHead}content-length: 12\r\n\r\n{"by":`)
  const askOther = (): Promise<Answered> => ask(gateway, '/v1/commands/add', { body: '{"by": 10000}' })
  await until(async () => (await askOther()).status === 503)
  socket.destroy()
  await until(async () => (await askOther()).status === 200)
  expect(error).not.toHaveBeenCalled()
})

overBoth('D37: bodies together above their limit are refused as OVERLOADED, until others have ended', async () => {
  let finish = (): void => {}
  const replica = new ActedReplica(
    () => new Promise((resolve) => (finish = () => resolve({ position: position(1), result: Uint8Array.of(1) }))),
  )
  const gateway = await gatewayOf({ replica, bodyBytesMax: 16, pendingBytesMax: 16 })
  const first = ask(gateway, '/v1/commands/add', { body: '{"by": 10000}' })
  const isRefused = async (): Promise<boolean> => {
    const answer = await ask(gateway, '/v1/commands/add?timeoutMs=1', { body: '{"by": 20000}' })
    return answer.status === 503 && JSON.stringify(answer.json).includes('OVERLOADED')
  }
  await until(isRefused)
  finish()
  expect(await first).toMatchObject({ status: 200 })
})

overBoth('D37: connections above their limit are closed as they come', async () => {
  const gateway = await gatewayOf({ replica: await member(counter), connectionsMax: 2 })
  const [one] = [await bareConnection(gateway), await bareConnection(gateway)]
  await until(async () => {
    const third = await bareConnection(gateway)
    await third.closed
    return third.received() === ''
  })
  one.socket.destroy()
  await until(() =>
    ask(gateway, '/v1/queries/value').then(
      ({ status }) => status === 200,
      () => false,
    ),
  )
})

overBoth(
  'one client address takes half of the connections at most, and others are served; the ones that it has go on',
  async () => {
    const gateway = await gatewayOf({ replica: await member(counter), connectionsMax: 8 })
    const flood = await Promise.all(Array.from({ length: 20 }, () => bareConnection(gateway, '127.0.0.2')))
    await until(async () => flood.filter(({ socket }) => socket.destroyed || socket.readableEnded).length === 16)
    expect((await ask(gateway, '/v1/queries/value')).status).toBe(200)
    const [kept] = flood.filter(({ socket }) => !socket.destroyed && !socket.readableEnded)
    kept?.socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await until(async () => kept?.received().includes(' 200 ') === true)
  },
  process.platform === 'linux',
)

test.runIf(process.platform === 'linux')('the last quarter of connections is for established addresses', async () => {
  const replica = new ActedReplica(async () => ({ position: position(1), result: Uint8Array.of(1) }))
  const gateway = await gatewayOf({ replica, connectionsMax: 8 })
  const token = tokenOfHandle({ clusterId, nonce: new Uint8Array(16), position: position(1) })
  const place = `session=${token}&sequence=1&lowestUnacknowledged=1`
  const askAs = (from: string, search = ''): Promise<number> =>
    ask(gateway, `/v1/commands/add${search}`, { body: '{"by":1}', from }).then(
      ({ status }) => status,
      () => 0,
    )
  replica.knowsSessions = true
  expect(await askAs('127.0.0.9', `?${place}`)).toBe(200)
  const flood = await Promise.all(
    ['127.0.0.2', '127.0.0.3', '127.0.0.4'].flatMap((from) => [
      bareConnection(gateway, from),
      bareConnection(gateway, from),
    ]),
  )
  await until(async () => (await askAs('127.0.0.5')) === 0)
  expect(await askAs('127.0.0.9')).toBe(200)
  expect(flood.every(({ socket }) => !socket.destroyed)).toBe(true)
})

overBoth('a request whose sender has gone is given up', async () => {
  let signal: AbortSignal | undefined
  const replica = new ActedReplica(async (_, options) => {
    signal = options?.signal as AbortSignal
    return new Promise(() => {})
  })
  const gateway = await gatewayOf({ replica })
  const { socket } = await bareConnection(gateway)
  socket.write(`${postHead}content-length: 8\r\n\r\n{"by":1}`)
  await until(() => signal !== undefined)
  expect(signal?.aborted).toBe(false)
  socket.destroy()
  await until(() => signal?.aborted === true)
})

overBoth('an answer that nobody reads is given up', async () => {
  const large = new Uint8Array(64 * mebibyte)
  let signal: AbortSignal | undefined
  const replica = new ActedReplica(async (_, options) => {
    signal = options?.signal as AbortSignal
    return { position: position(1), result: large }
  })
  const gateway = await gatewayOf({ replica, answerTimeoutMs: 50 })
  const { socket } = await bareConnection(gateway)
  socket.pause()
  socket.write(
    `POST /v1/queries/value HTTP/1.1\r\nhost: localhost\r\naccept: application/x-quorate+${counter.codec}\r\n\r\n`,
  )
  await until(() => signal?.aborted === true)
})
