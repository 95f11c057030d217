import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { position, silentLogger } from '@quorate/contracts'
import { httpHandler } from '@quorate/gateway-http'
import { counter } from '@quorate/machine-counter'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ActedReplica, ask, bareConnection, gatewayOf, overBoth, until } from './members.js'

const machineType = `application/x-quorate+${counter.codec}`
const query = `POST /v1/queries/value HTTP/1.1\r\nhost: localhost\r\naccept: ${machineType}\r\n\r\n`

/** A replica that never answers, and the signals of those who wait for it. */
function silentReplica(): { readonly replica: ActedReplica; readonly signals: AbortSignal[] } {
  const signals: AbortSignal[] = []
  const replica = new ActedReplica((_, options) => {
    signals.push(options?.signal as AbortSignal)
    return new Promise(() => {})
  })
  return { replica, signals }
}

overBoth('D37: a connection with more unanswered requests than it may have is ended, and no other', async () => {
  const { replica, signals } = silentReplica()
  const warn = vi.fn()
  const options = { connectionRequestsMax: 4, closeTimeoutMs: 10, logger: { ...silentLogger, warn } }
  const gateway = await gatewayOf({ replica, ...options })
  const [modest, greedy] = [await bareConnection(gateway), await bareConnection(gateway)]
  modest.socket.write(query.repeat(4))
  await until(() => signals.length === 4)
  greedy.socket.write(query.repeat(100))
  await greedy.closed
  expect(signals.length).toBeLessThanOrEqual(8)
  await until(() => signals.slice(4).every(({ aborted }) => aborted))
  expect(signals.slice(0, 4).some(({ aborted }) => aborted)).toBe(false)
  expect(warn).toHaveBeenCalledOnce()
})

test('of a connection that was ended no more requests are made, though they have been read', async () => {
  const { replica } = silentReplica()
  const handler = httpHandler({ replica, machine: counter, connectionRequestsMax: 4 })
  let made = 0
  const server = createServer((request, response) => {
    made += 1
    handler(request, response)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').resume()
  socket.on('error', () => {})
  // All of them fit into what is read at once.
  socket.write(query.repeat(100))
  await once(socket, 'close')
  expect(made).toBe(5)
})

overBoth('requests that were answered count no more', async () => {
  const replica = new ActedReplica(() => Promise.resolve({ position: position(1), result: Uint8Array.of(1) }))
  const gateway = await gatewayOf({ replica, connectionRequestsMax: 2 })
  const { socket, received } = await bareConnection(gateway)
  for (let answers = 2; answers <= 10; answers += 2) {
    socket.write(query.repeat(2))
    await until(() => received().split('HTTP/1.1 200 ').length === answers + 1)
    await ask(gateway, '/healthz', { method: 'GET' })
  }
  expect(socket.destroyed).toBe(false)
})

overBoth('all requests of a connection that has gone are given up, also those behind another', async () => {
  const { replica, signals } = silentReplica()
  const gateway = await gatewayOf({ replica })
  const { socket } = await bareConnection(gateway)
  socket.write(query.repeat(3))
  await until(() => signals.length === 3)
  socket.destroy()
  await until(() => signals.every(({ aborted }) => aborted))
  expect(signals).toHaveLength(3)
})

overBoth('D37: answers that nobody reads have a limit together, and none when their connection has gone', async () => {
  const large = new Uint8Array(16 * 1024 * 1024)
  const replica = new ActedReplica(() => Promise.resolve({ position: position(1), result: large }))
  const gateway = await gatewayOf({ replica, pendingAnswerBytesMax: 40 * 1024 * 1024 })
  const { socket } = await bareConnection(gateway)
  socket.pause()
  socket.write(query.repeat(2))
  const asking = { headers: { accept: machineType } }
  const refused = { code: 'OVERLOADED', outcome: 'unknown', leader: null }
  let answer = await ask(gateway, '/v1/queries/value', asking)
  await until(async () => {
    answer = await ask(gateway, '/v1/queries/value', asking)
    return answer.status === 503
  })
  expect(answer.json).toMatchObject({ error: refused })
  // It may have happened, and what knows nothing of outcomes would ask again.
  expect(answer.headers['retry-after']).toBeUndefined()
  socket.destroy()
  await until(async () => (await ask(gateway, '/v1/queries/value', asking)).status === 200)
})

overBoth('an answer above the limit passes when it is alone', async () => {
  const replica = new ActedReplica(() => Promise.resolve({ position: position(1), result: new Uint8Array(100) }))
  const gateway = await gatewayOf({ replica, pendingAnswerBytesMax: 10 })
  expect(await ask(gateway, '/v1/queries/value', { headers: { accept: machineType } })).toMatchObject({ status: 200 })
})
