import { silentLogger } from '@quorate/contracts'
import { describe, expect, test, vi } from 'vitest'
import { ActedReplica, ask, bareConnection, gatewayOf, mountedOverTls, until } from './members.js'

const [attacker, other] = ['127.0.0.2', '127.0.0.3']
const floodCount = 30
const silent = new ActedReplica(() => new Promise(() => {}))

function loggerOf() {
  const [warn, error] = [vi.fn(), vi.fn()]
  return { warn, error, logger: { ...silentLogger, warn, error } }
}

describe.runIf(process.platform === 'linux')('of what one client address brings about ten lines are written', () => {
  describe.each([
    ['a gateway', gatewayOf],
    ['httpHandler in an https server', mountedOverTls],
  ] as const)('%s', (_, serve) => {
    test('requests that run into a mistake of ours', async () => {
      const { error, logger } = loggerOf()
      const replica = new ActedReplica(() => Promise.reject(new Error('a mistake')))
      const server = await serve({ replica, logger })
      const run = (from: string) => ask(server, '/v1/commands/add', { body: '{"by":1}', from })
      const answers = await Promise.all(Array.from({ length: floodCount }, () => run(attacker)))
      expect(answers.every(({ status }) => status === 500)).toBe(true)
      expect(error).toHaveBeenCalledTimes(10)
      await run(other)
      expect(error).toHaveBeenCalledTimes(11)
      expect(error.mock.lastCall).toMatchObject([{ from: other, url: '/v1/commands/add' }, expect.any(String)])
    })

    test('connections with more requests than they may have', async () => {
      const { warn, logger } = loggerOf()
      const server = await serve({ replica: silent, logger, connectionRequestsMax: 2 })
      const query = 'POST /v1/queries/value HTTP/1.1\r\nhost: localhost\r\n\r\n'
      const flood = async (from: string, count: number): Promise<void> => {
        const connections = await Promise.all(Array.from({ length: count }, () => bareConnection(server, from)))
        for (const { socket } of connections) socket.write(query.repeat(3))
        await Promise.all(connections.map(({ closed }) => closed))
      }
      await flood(attacker, floodCount)
      expect(warn).toHaveBeenCalledTimes(10)
      await flood(other, 1)
      expect(warn).toHaveBeenCalledTimes(11)
    })
  })

  test('connections above all that there may be, and then how many more there were', async () => {
    const { warn, logger } = loggerOf()
    const gateway = await gatewayOf({ replica: silent, logger, connectionsMax: 2 })
    const held = await Promise.all([bareConnection(gateway, other), bareConnection(gateway, other)])
    for (const { socket } of held) socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await until(() => held.every(({ received }) => received().includes(' 200 ')))
    const flood = await Promise.all(Array.from({ length: floodCount }, () => bareConnection(gateway, attacker)))
    await Promise.all(flood.map(({ closed }) => closed))
    expect(warn).toHaveBeenCalledTimes(10)
    await gateway.close()
    expect(warn).toHaveBeenCalledTimes(11)
    expect(warn.mock.lastCall).toMatchObject([{ leftOut: floodCount - 10 }, expect.stringContaining(attacker)])
  })

  test('connections above the share of an address', async () => {
    const { warn, logger } = loggerOf()
    const gateway = await gatewayOf({ replica: silent, logger, connectionsMax: 8 })
    const flood = await Promise.all(Array.from({ length: floodCount }, () => bareConnection(gateway, attacker)))
    await until(() => flood.filter(({ socket }) => socket.destroyed).length === floodCount - 4)
    expect(warn).toHaveBeenCalledTimes(10)
  })
})
