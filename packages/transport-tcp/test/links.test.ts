import { nodeEnvironment } from '@quorate/contracts/node'
import { nodeId, type Environment } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { encodeFrames, FrameReader } from '../src/frame.js'
import { encodeRefusal } from '../src/handshake.js'
import { greetingAs, greetingsIn, introduce, member, rawServer, until } from './members.js'

/** What a member called `a` says before its frames. */
const saidBytes = greetingAs('a').length

/** Admits whoever comes, as a member called `raw`; answers no pings. */
const silent = () => rawServer((socket) => void socket.once('data', () => socket.write(greetingAs('raw'))))

test('D31: frames leave on the connection that was dialled, and nothing but answers comes back on it', async () => {
  const fromA: Buffer[] = []
  const raw = await rawServer((socket) => {
    socket.write(greetingAs('raw'))
    socket.on('data', (chunk) => fromA.push(chunk))
  })
  const a = await member('a', { probeIntervalMs: 60_000, probeTimeoutMs: 60_000 })
  introduce(a, raw)
  await until(() => a.links.length > 0)
  expect(a.running.send(raw.id, Buffer.from('hi'), 'log')).toBe('queued')
  const frames = Buffer.concat(encodeFrames([{ kind: 'log', body: Buffer.from('hi') }]))
  await until(() => Buffer.concat(fromA).length >= saidBytes + frames.length)
  const said = Buffer.concat(fromA)
  expect(greetingsIn(said)).toMatchObject([
    { kind: 'challenge' },
    { kind: 'hello', body: new Uint8Array(Buffer.from('a')) },
  ])
  expect(said.subarray(saidBytes)).toEqual(frames)
  raw.sockets[0]?.write(Buffer.concat(encodeFrames([{ kind: 'log', body: Buffer.from('wrong way') }])))
  await until(() => a.links.some((link) => link.includes('broke the rules')))
  expect(a.frames).toEqual([])
})

test('D31: frames of one turn leave in one write, control first', async () => {
  const chunks: Buffer[] = []
  const raw = await rawServer((socket) => {
    socket.write(greetingAs('raw'))
    socket.on('data', (chunk) => chunks.push(chunk))
  })
  const a = await member('a', { probeIntervalMs: 60_000, probeTimeoutMs: 60_000 })
  introduce(a, raw)
  await until(() => a.links.length > 0 && Buffer.concat(chunks).length >= saidBytes)
  chunks.length = 0
  for (let count = 0; count < 20; count += 1) a.running.send(raw.id, Buffer.from('entry'), 'log')
  a.running.send(raw.id, Buffer.from('vote'), 'control')
  await until(() => chunks.length > 0)
  const kinds: string[] = []
  new FrameReader(100, (kind) => kinds.push(kind)).read(chunks[0] ?? Buffer.alloc(0))
  expect(kinds).toEqual(['control', ...Array.from({ length: 20 }, () => 'log')])
})

test('a control frame overtakes what waits on the other channels', async () => {
  const arrived: string[] = []
  const raw = await rawServer((socket) => {
    const frames = new FrameReader(8 * 1024 * 1024, (kind) => void arrived.push(kind))
    let said = Buffer.alloc(0)
    socket.write(greetingAs('raw'))
    const onSaid = (chunk: Buffer): void => {
      said = Buffer.concat([said, chunk])
      if (said.length < saidBytes) return
      frames.read(said.subarray(saidBytes))
      socket.off('data', onSaid).pause()
      socket.on('data', (more: Buffer) => frames.read(more))
      socket.pause()
    }
    socket.on('data', onSaid)
  })
  const a = await member('a')
  introduce(a, raw)
  await until(() => a.links.length > 0)
  let queued = 0
  while (a.running.send(raw.id, new Uint8Array(1024 * 1024), 'bulk') === 'queued') queued += 1
  // The kernel takes what its buffers hold, and the rest waits here.
  for (let turn = 0; turn < 100; turn += 1) await nodeEnvironment().yieldTurn()
  expect(a.running.send(raw.id, new Uint8Array(10), 'control')).toBe('queued')
  raw.sockets[0]?.resume()
  await until(() => arrived.filter((kind) => kind === 'bulk').length === queued)
  expect(arrived).toContain('control')
  expect(arrived.indexOf('control')).toBeLessThan(arrived.lastIndexOf('bulk') - 5)
})

test('what gathers while a write is under way leaves when that has ended, though nothing more is sent', async () => {
  const a = await member('a', { probeIntervalMs: 600_000, probeTimeoutMs: 600_000 })
  const b = await member('b')
  introduce(a, { id: b.id, address: b.running.address })
  await until(() => a.links.length > 0)
  for (let count = 1; count <= 2; count += 1) {
    for (let each = 0; each < 20; each += 1) a.running.send(b.id, new Uint8Array(100_000), 'log')
    await until(() => b.frames.length === count * 20)
  }
})

test('a peer that accepts and then answers nothing is down, also while small frames go out', async () => {
  const raw = await silent()
  const a = await member('a', { probeIntervalMs: 20, probeTimeoutMs: 100 })
  introduce(a, raw)
  await until(() => {
    a.running.send(raw.id, new Uint8Array(50), 'control')
    return a.links.some((link) => link.includes('has not answered for 100 ms'))
  })
  expect(a.links[0]).toMatch(/^raw up/)
})

test('a peer that answers pings stays up', async () => {
  const real = nodeEnvironment()
  let pings = 0
  const environment: Environment = {
    ...real,
    setTimer: (delayMs, run) => {
      if (delayMs === 3) pings += 1
      return real.setTimer(delayMs, run)
    },
  }
  const a = await member('a', { environment, probeIntervalMs: 3, probeTimeoutMs: 90 })
  const b = await member('b')
  introduce(a, { id: b.id, address: b.running.address })
  await until(() => pings > 100)
  expect(a.links).toEqual([`b up: connected to ${b.running.address}`])
})

test('a peer that accepts and never says hello is down', async () => {
  const raw = await rawServer(() => {})
  const a = await member('a', { helloTimeoutMs: 50 })
  introduce(a, raw)
  await until(() => a.links.some((link) => link.includes('sent no hello for 50 ms')))
  expect(a.links.some((link) => link.includes(' up'))).toBe(false)
})

test('D41: a peer whose listener has gone is reported as gone, and it is dialled again with growing pauses', async () => {
  const real = nodeEnvironment()
  const pauses: number[] = []
  const environment: Environment = {
    ...real,
    setTimer: (delayMs, run) => {
      if (delayMs < 1_000) pauses.push(delayMs)
      return real.setTimer(delayMs, run)
    },
  }
  const a = await member('a', { environment, reconnectMinMs: 8, reconnectMaxMs: 64 })
  const b = await member('b')
  introduce(a, { id: b.id, address: b.running.address })
  await until(() => a.links.some((link) => link.startsWith('b up')))
  await b.running.close()
  await until(() => a.links.some((link) => link === `b gone: nobody listens on ${b.running.address}`))
  await until(() => pauses.length >= 8)
  expect(Math.max(...pauses)).toBeLessThanOrEqual(64 + 1)
  expect(pauses[7]).toBeGreaterThanOrEqual(32)
  expect(a.links.filter((link) => link.includes('gone'))).toHaveLength(1)
})

test('D41: a connection that breaks is dialled again at once, whatever the pauses are', async () => {
  const real = nodeEnvironment()
  const aged: Environment = { ...real, monotonicMs: () => real.monotonicMs() * 1_000_000_000 }
  const a = await member('a', { environment: aged, reconnectMinMs: 600_000, reconnectMaxMs: 600_000 })
  const b = await member('b')
  introduce(a, { id: b.id, address: b.running.address })
  await until(() => a.links.some((link) => link.startsWith('b up')))
  await b.running.close()
  await until(() => a.links.some((link) => link.startsWith('b gone')))
  expect(a.links.map((link) => link.split(':')[0])).toEqual(['b up', 'b down', 'b gone'])
})

test('a peer that comes back is dialled at once, whatever the pause was, because it has dialled us', async () => {
  const a = await member('a', { reconnectMinMs: 600_000, reconnectMaxMs: 600_000 })
  const b = await member('b')
  const address = b.running.address
  await b.running.close()
  introduce(a, { id: b.id, address })
  await until(() => a.links.some((link) => link.startsWith('b gone')))
  const successor = await member('b', { address })
  introduce(successor, { id: a.id, address: a.running.address })
  await until(() => a.links.some((link) => link.startsWith('b up')))
  expect(a.running.send(b.id, new Uint8Array(1), 'log')).toBe('queued')
})

test('a peer that refuses again and again is reported once', async () => {
  const raw = await rawServer((socket) => void socket.end(encodeRefusal('of another cluster')))
  const a = await member('a', { reconnectMinMs: 2, reconnectMaxMs: 4 })
  introduce(a, raw)
  await until(() => raw.sockets.length >= 5)
  expect(a.links).toEqual([`raw down: ${raw.address} refused: of another cluster`])
})

test('a peer with an address that is none stays down, and stops nothing else', async () => {
  const a = await member('a')
  const b = await member('b')
  const peers = new Map([
    [nodeId('lost'), 'nowhere'],
    [b.id, b.running.address],
  ])
  a.running.setPeers(peers)
  await until(() => a.links.length >= 2)
  expect(a.links.map((link) => link.split(':')[0]).sort()).toEqual(['b up', 'lost down'])
})

test('what has left counts no more: frames that go one by one always find room, also after the link broke', async () => {
  const a = await member('a', { channelBytesMax: 1_024, reconnectMinMs: 1 })
  let b = await member('b')
  const { address } = b.running
  for (let connections = 1; connections <= 2; connections += 1) {
    introduce(a, { id: b.id, address })
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
