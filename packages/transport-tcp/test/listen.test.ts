import { createServer } from 'node:net'
import { once } from 'node:events'
import { nodeId, QuorateError, type Environment } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { tcpTransport } from '@quorate/transport-tcp'
import { expect, onTestFinished, test } from 'vitest'
import { introduce, member, rawClient, until } from './members.js'

test('D33: it listens on the address of its member and nowhere else', async () => {
  const b = await member('b', { address: '127.0.0.1:0' })
  expect(b.running.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/)
  const port = b.running.address.split(':')[1]
  await expect(rawClient(`127.0.0.2:${port}`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('D33: the option listen comes before the address that the peers know', async () => {
  const b = await member('b', { address: 'known.to.peers.invalid:7001', listen: '127.0.0.1:0' })
  const client = await rawClient(b.running.address)
  expect(client.socket.remoteAddress).toBe('127.0.0.1')
})

test.each(['[::1]:0', 'localhost:0'])('members find each other on %s', async (address) => {
  const [a, b] = [await member('a', { address }), await member('b', { address })]
  introduce(a, { id: b.id, address: b.running.address })
  await until(() => a.links.some((link) => link.startsWith('b up')))
  a.running.send(b.id, Uint8Array.of(1, 2, 3), 'log')
  await until(() => b.frames.length > 0)
  expect(b.frames[0]?.frame).toEqual(Uint8Array.of(1, 2, 3))
})

test('a port in use is refused with the address and what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await once(other, 'listening')
  const bound = other.address()
  const address = `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
  const refusal = await member('a', { address }).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(QuorateError)
  expect(refusal).toMatchObject({
    code: 'ADDRESS_IN_USE',
    message: `another process listens on ${address}: stop it, or give this member another address`,
  })
})

test('an address of another machine is refused with what to do', async () => {
  const refusal = await member('a', { address: '192.0.2.1:0' }).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 'INVALID_OPTIONS' })
  expect(String(refusal)).toContain("tcpTransport({ listen: 'host:port' })")
})

test.each([
  [{ listem: '127.0.0.1:1' }, 'listem'],
  [{ listen: 'nowhere' }, 'listen'],
  [{ frameBytesMax: 9 * 1024 * 1024 }, 'frameBytesMax'],
  [{ reconnectMinMs: 100, reconnectMaxMs: 50 }, 'reconnectMaxMs'],
  [{ probeIntervalMs: 100, probeTimeoutMs: 50 }, 'probeTimeoutMs'],
  [{ logger: { warn() {} } }, 'logger'],
])('wrong options are refused with their path: %j', (options, path) => {
  const untyped: object = options
  expect(() => tcpTransport(untyped)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }))
  expect(() => tcpTransport(untyped)).toThrow(path)
})

test('close leaves neither sockets nor timers behind', async () => {
  const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP')).length
  await until(() => sockets() === 0)
  const { environment, pending } = countedTimers()
  const [a, b] = [await member('a', { environment }), await member('b', { environment })]
  introduce(a, { id: b.id, address: b.running.address })
  b.running.setPeers(
    new Map([
      [a.id, a.running.address],
      [nodeId('lost'), 'nowhere'],
      [nodeId('gone'), '127.0.0.1:1'],
    ]),
  )
  await until(() => a.links.length > 0 && b.links.length >= 3)
  expect(sockets()).toBeGreaterThanOrEqual(6)
  expect(pending()).toBeGreaterThan(0)
  await Promise.all([a.running.close(), b.running.close()])
  await until(() => sockets() === 0)
  expect(pending()).toBe(0)
})

function countedTimers(): { environment: Environment; pending: () => number } {
  const real = nodeEnvironment()
  const waiting = new Set<() => void>()
  const environment: Environment = {
    ...real,
    setTimer: (delayMs, run) => {
      const cancel = real.setTimer(delayMs, () => {
        waiting.delete(cancel)
        run()
      })
      waiting.add(cancel)
      return () => {
        waiting.delete(cancel)
        cancel()
      }
    },
  }
  return { environment, pending: () => waiting.size }
}
