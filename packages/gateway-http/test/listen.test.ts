import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { EventEmitter } from 'node:events'
import { position, silentLogger } from '@quorate/contracts'
import { httpGateway, httpHandler, type HttpGatewayOptions } from '@quorate/gateway-http'
import { counter } from '@quorate/machine-counter'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ActedReplica, ask, bareConnection, gatewayOf, overBoth, until } from './members.js'

const willing = new ActedReplica(() => Promise.resolve({ position: position(1), result: Uint8Array.of(1) }))

test('D33: it listens on the address that was given and nowhere else', async () => {
  const gateway = await gatewayOf({ replica: willing, address: '127.0.0.1:0' })
  expect(gateway.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/)
  const elsewhere = { ...gateway, address: gateway.address.replace('127.0.0.1', '127.0.0.2') }
  await expect(ask(elsewhere, '/healthz', { method: 'GET' })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test.each(['[::1]:0', 'localhost:0'])('it can be reached on %s', async (address) => {
  const gateway = await gatewayOf({ replica: willing, address })
  expect(gateway.address.startsWith(address.slice(0, -1))).toBe(true)
  expect(await ask(gateway, '/healthz', { method: 'GET' })).toMatchObject({ status: 200 })
})

test('a port in use is refused with the address and what to do', async () => {
  const { address } = await gatewayOf({ replica: willing })
  await expect(gatewayOf({ replica: willing, address })).rejects.toMatchObject({
    code: 'ADDRESS_IN_USE',
    message: `another process listens on ${address}: stop it, or give httpGateway another address`,
  })
})

test('an address of another machine is refused with what to do', async () => {
  const refusal = await gatewayOf({ replica: willing, address: '192.0.2.1:0' }).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 'INVALID_OPTIONS' })
  expect(String(refusal)).toContain('an address of this machine')
})

test.each([
  [{ address: ':8001' }, 'address'],
  [{ address: '8001' }, 'address'],
  [{ adress: '127.0.0.1:1' }, 'adress'],
  [{ replica: {} }, 'propose, query, openSession, closeSession, hasSession, status, metrics, on is missing'],
  [{ machine: null }, 'machine'],
  [{ bodyBytesMax: 9 * 1024 * 1024 }, 'bodyBytesMax'],
  [{ bodyBytesMax: 10, pendingBytesMax: 9 }, 'pendingBytesMax'],
  [{ headersTimeoutMs: 2, requestTimeoutMs: 1 }, 'requestTimeoutMs'],
  [{ hostNames: ['a:1'] }, 'hostNames'],
  [{ logger: {} }, 'logger'],
])('wrong options are refused with their path: %j', async (wrong, path) => {
  const options: object = { replica: willing, machine: counter, address: '127.0.0.1:0', ...wrong }
  const refusal = await httpGateway(options as HttpGatewayOptions).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 'INVALID_OPTIONS' })
  expect(String(refusal)).toContain(path)
})

test('options of the handler are checked too', () => {
  const options: object = { replica: willing, machine: counter, address: '127.0.0.1:0' }
  expect(() => httpHandler(options as HttpGatewayOptions)).toThrow('address')
})

overBoth('close ends idle connections at once and lets a running request finish', async () => {
  let finish = (): void => {}
  let hasBegun = false
  const replica = new ActedReplica(async () => {
    hasBegun = true
    await new Promise<void>((resolve) => (finish = resolve))
    return { position: position(1), result: Uint8Array.of(1) }
  })
  const gateway = await gatewayOf({ replica, closeTimeoutMs: 20_000 })
  const idle = await bareConnection(gateway)
  idle.socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await until(() => idle.received().includes('{"status":"ok"}'))
  const busy = await bareConnection(gateway)
  busy.socket.write('POST /v1/queries/value HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await until(() => hasBegun)
  const closed = gateway.close()
  expect(gateway.close()).toBe(closed)
  await idle.closed
  expect(busy.received()).toBe('')
  finish()
  await closed
  await busy.closed
  expect(busy.received()).toMatch(/^HTTP\/1\.1 200 [^]*{"result":1,"position":1}\n$/)
  await expect(ask(gateway, '/healthz', { method: 'GET' })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

overBoth('close ends what does not finish in time', async () => {
  let hasBegun = false
  const replica = new ActedReplica(() => {
    hasBegun = true
    return new Promise(() => {})
  })
  const gateway = await gatewayOf({ replica, closeTimeoutMs: 30 })
  const { socket, closed } = await bareConnection(gateway)
  socket.write('POST /v1/queries/value HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await until(() => hasBegun)
  await gateway.close()
  await closed
})

overBoth('close does not wait for connections that have sent nothing', async () => {
  const gateway = await gatewayOf({ replica: willing, closeTimeoutMs: 2 ** 31 - 1 })
  const silent = await bareConnection(gateway)
  expect(await ask(gateway, '/healthz', { method: 'GET' })).toMatchObject({ status: 200 })
  await gateway.close()
  await silent.closed
  expect(silent.received()).toBe('')
})

test('a gateway that is closed, or never listened, leaves nothing at its replica', async () => {
  const replica = new ActedReplica(() => Promise.reject(new Error('nothing should have reached the replica')))
  const gateway = await gatewayOf({ replica })
  expect(replica.listeners).toBeGreaterThan(0)
  await expect(gatewayOf({ replica, address: gateway.address })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
  await gateway.close()
  expect(replica.listeners).toBe(0)
})

test('a server that cannot take a connection says so in the log, and goes on', async () => {
  const error = vi.fn()
  const failures: (() => boolean)[] = []
  const onRequest = (message: unknown): void => {
    if (typeof message !== 'object' || message === null || !('server' in message)) return
    const { server } = message
    if (server instanceof EventEmitter) failures.push(() => server.emit('error', new Error('accept EMFILE')))
  }
  subscribe('http.server.request.start', onRequest)
  onTestFinished(() => void unsubscribe('http.server.request.start', onRequest))
  const gateway = await gatewayOf({ replica: willing, logger: { ...silentLogger, error } })
  await ask(gateway, '/healthz', { method: 'GET' })
  failures[0]?.()
  expect(error).toHaveBeenCalledWith(expect.anything(), `listening on 127.0.0.1:0: accept EMFILE`)
  expect(await ask(gateway, '/healthz', { method: 'GET' })).toMatchObject({ status: 200 })
})
