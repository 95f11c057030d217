import { request as httpRequest } from 'node:http'
import { nodeId, type Environment } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, test } from 'vitest'
import { at, givesChallenge, introduce, member, serve, textsOf, until, untilUp } from './members.js'

test('D32: frames that gather while a request is under way leave in one request', async () => {
  const requests: string[] = []
  const a = await member('a', {
    request: (url, options) => {
      requests.push(url.pathname)
      return httpRequest(url, options)
    },
  })
  const b = await member('b')
  introduce(a, at(b))
  await untilUp(a, b)
  for (let count = 0; count < 100; count += 1) a.running.send(b.id, Buffer.from(`${count}`), 'log')
  await until(() => b.frames.length === 100)
  expect(textsOf(b)).toEqual(Array.from({ length: 100 }, (_, count) => `${count}`))
  expect(requests).toEqual(['/quorate/challenge', '/quorate/link', '/quorate/frames/log'])
})

test('D41: a peer whose process has gone is reported as gone at once, also by a member that sends nothing', async () => {
  const real = nodeEnvironment()
  const aged: Environment = { ...real, monotonicMs: () => real.monotonicMs() * 1_000_000_000 }
  const patient = { reconnectMinMs: 600_000, reconnectMaxMs: 600_000, silenceTimeoutMs: 600_000 }
  const a = await member('a', { environment: aged, ...patient })
  const b = await member('b')
  introduce(a, at(b))
  await untilUp(a, b)
  await b.running.close()
  await until(() => a.links.some((link) => link === `b gone: nobody listens on ${b.running.address}`))
  expect(a.links.map((link) => link.split(':')[0])).toEqual(['b up', 'b down', 'b gone'])
})

test('a peer that falls silent is down, and one that beats stays up', async () => {
  const silent = await serve((request, response) => {
    if (givesChallenge(request, response)) return
    response.writeHead(200, { 'quorate-link': '0'.repeat(32), 'quorate-version': 1 })
    response.write(Buffer.concat([Buffer.of(1, 0, 0, 0), Buffer.from('s')]))
  })
  const real = nodeEnvironment()
  let looks = 0
  const environment: Environment = {
    ...real,
    setTimer: (delayMs, run) => {
      if (delayMs === 7) looks += 1
      return real.setTimer(delayMs, run)
    },
  }
  const a = await member('a', { environment, beatIntervalMs: 7, silenceTimeoutMs: 210 })
  const b = await member('b', { beatIntervalMs: 7, silenceTimeoutMs: 210 })
  introduce(a, at(b), { id: nodeId('s'), address: silent })
  await until(() => a.links.some((link) => link.includes('has been silent for 210 ms')))
  await until(() => looks > 150)
  expect(a.links.filter((link) => link.startsWith('b'))).toEqual([`b up: connected to ${b.running.address}`])
})

test('frames that were not taken end the link, which is asked for again', async () => {
  let links = 0
  const address = await serve((request, response) => {
    if (givesChallenge(request, response)) return
    if (!request.url?.endsWith('/link')) return void response.writeHead(500).end()
    links += 1
    response.writeHead(200, { 'quorate-link': '0'.repeat(32), 'quorate-version': 1 })
    response.write(Buffer.concat([Buffer.of(1, 0, 0, 0), Buffer.from('s')]))
  })
  const a = await member('a', { reconnectMinMs: 1, reconnectMaxMs: 1 })
  introduce(a, { id: nodeId('s'), address })
  await until(() => {
    a.running.send(nodeId('s'), Buffer.from('x'), 'log')
    return links >= 3
  })
  expect(a.links.join()).toContain('took no frames and answered 500')
})

test('a request that cannot be started ends the link, and the next one takes frames again', async () => {
  let throws = 1
  const a = await member('a', {
    reconnectMinMs: 1,
    reconnectMaxMs: 1,
    request: (url, options) => {
      if (url.pathname.endsWith('/log') && (throws -= 1) === 0) throw new Error('no proxy for now')
      return httpRequest(url, options)
    },
  })
  const b = await member('b')
  introduce(a, at(b))
  await untilUp(a, b)
  expect(a.running.send(b.id, Buffer.from('lost'), 'log')).toBe('queued')
  await until(() => a.links.length === 3)
  expect(a.links[1]).toBe(`b down: ${b.running.address} cannot be sent frames: no proxy for now`)
  expect(a.running.send(b.id, Buffer.from('of the next link'), 'log')).toBe('queued')
  await until(() => b.frames.length > 0)
  expect(textsOf(b)).toEqual(['of the next link'])
})

test('a peer that comes back is asked at once, whatever the pause was, because it has asked us', async () => {
  const a = await member('a', { reconnectMinMs: 600_000, reconnectMaxMs: 600_000 })
  const b = await member('b')
  const { address } = b.running
  await b.running.close()
  introduce(a, { id: b.id, address })
  await until(() => a.links.some((link) => link.startsWith('b gone')))
  const successor = await member('b', { address })
  introduce(successor, at(a))
  await untilUp(a, successor)
})

test('a peer with an address or a URL that is none stays down, and stops nothing else', async () => {
  const b = await member('b')
  const peerUrl = (peer: string, address: string) => (peer === 'odd' ? 'no URL' : `http://${address}/quorate`)
  const a = await member('a', { peerUrl })
  introduce(a, { id: nodeId('lost'), address: 'nowhere' }, { id: nodeId('odd'), address: '127.0.0.1:1' }, at(b))
  await until(() => a.links.length >= 3)
  expect(a.links.map((link) => link.split(':')[0]).sort()).toEqual(['b up', 'lost down', 'odd down'])
})

test('an option peerUrl that throws once is asked again', async () => {
  let asked = 0
  const b = await member('b')
  const a = await member('a', {
    reconnectMinMs: 1,
    peerUrl: (_, address) => {
      if ((asked += 1) === 1) throw new Error('the directory cannot be read')
      return `http://${address}/quorate`
    },
  })
  introduce(a, at(b))
  await untilUp(a, b)
  expect(a.links[0]).toBe('b down: the option peerUrl gives no URL for b: the directory cannot be read')
})

test('two members listen in IPv6 and are reached there', async () => {
  const a = await member('a', { address: '[::1]:0' })
  const b = await member('b', { address: '[::1]:0' })
  expect(b.running.address).toMatch(/^\[::1\]:\d+$/)
  introduce(a, at(b))
  await untilUp(a, b)
})

test('a host name is as good as an address', async () => {
  const b = await member('b', { address: 'localhost:0' })
  const a = await member('a')
  introduce(a, at(b))
  await untilUp(a, b)
})

test('what has left counts no more: frames that go one by one always find room, also after the link broke', async () => {
  const a = await member('a', { channelBytesMax: 1_024, reconnectMinMs: 1 })
  let b = await member('b')
  const { address } = b.running
  for (let connections = 1; connections <= 2; connections += 1) {
    introduce(a, at(b, address))
    await until(() => a.links.filter((link) => link.startsWith('b up')).length === connections)
    for (let count = 1; count <= 100; count += 1) {
      expect(a.running.send(b.id, new Uint8Array(count % 40), 'log')).toBe('queued')
      await until(() => b.frames.length === count)
    }
    // These are lost with the connection, and do not count against the next one.
    while (a.running.send(b.id, new Uint8Array(200), 'log') === 'queued');
    if (connections === 2) break
    await b.running.close()
    b = await member('b', { address })
  }
})
