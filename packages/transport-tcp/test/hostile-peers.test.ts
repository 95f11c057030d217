import { nodeId } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { tcpTransport } from '@quorate/transport-tcp'
import { expect, onTestFinished, test } from 'vitest'
import { encodeFrames } from '../src/frame.js'
import { encodeChallenge, encodeHello, helloBytesMax } from '../src/handshake.js'
import {
  challenge,
  greetingAs,
  greetingsIn,
  introduce,
  member,
  rawClient,
  rawMember,
  rawServer,
  refusalOf,
  until,
  type RawClient,
} from './members.js'

function frame(kind: 'control' | 'log' | 'bulk' | 'pong', text: string): Buffer {
  return Buffer.concat(encodeFrames([{ kind, body: Buffer.from(text) }]))
}

test('garbage is refused at its first wrong byte, with the reason in the log', async () => {
  const b = await member('b')
  const client = await rawClient(b.running.address)
  client.socket.write('GET / HTTP/1.1\r\n\r\n')
  await client.closed
  expect(refusalOf(client)).toContain('began with "GET ')
  expect(b.log.join()).toContain('no member of a cluster')
})

test.each(['at once', 'one byte at a time'])(
  'a member that speaks HTTP is told in HTTP that this one does not (its request comes %s)',
  async (how) => {
    const b = await member('b')
    const client = await rawClient(b.running.address)
    const request = Buffer.from('POST /quorate/link HTTP/1.1\r\n\r\n')
    client.socket.setNoDelay(true)
    if (how === 'at once') client.socket.write(request)
    else
      for (const byte of request.subarray(0, 6)) await new Promise((sent) => client.socket.write(Buffer.of(byte), sent))
    await client.closed
    const reason = /WRONG_TRANSPORT: the other side speaks HTTP, and this member TCP/
    expect(client.received().toString()).toMatch(/^HTTP\/1.1 400 .*\r\n\r\nWRONG_TRANSPORT/s)
    expect(client.received().toString()).toMatch(reason)
    expect(b.log.filter((line) => reason.test(line))).toHaveLength(1)
  },
)

test('a peer that answers in HTTP is named as such', async () => {
  const raw = await rawServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'))
  const a = await member('a', { reconnectMinMs: 1, reconnectMaxMs: 2 })
  introduce(a, raw)
  await until(() => raw.sockets.length >= 3)
  expect(a.links).toEqual([
    `raw down: ${raw.address} was not understood: WRONG_TRANSPORT: the other side speaks HTTP, and this member TCP: give all members of a cluster the same transport`,
  ])
})

test('a hello above the limit is refused at its header', async () => {
  const b = await member('b')
  const client = await rawClient(b.running.address)
  const header = Buffer.from(encodeHello(new Uint8Array())).subarray(0, 10)
  header.writeUInt32LE(helloBytesMax + 1, 6)
  client.socket.write(Buffer.concat([encodeChallenge(challenge), header]))
  await client.closed
  expect(refusalOf(client)).toContain(`above ${helloBytesMax}`)
})

test.each([
  ['a hello before any challenge', encodeHello(Buffer.from('a')), /kind 1 is not known here: a challenge is due/],
  ['a challenge that is too short', encodeChallenge(Buffer.alloc(15)), /a challenge of 15 bytes is none/],
  [
    'a second challenge in the place of a hello',
    Buffer.concat([encodeChallenge(challenge), encodeChallenge(challenge)]),
    /kind 3 is not known here: a hello is due/,
  ],
])('%s is refused, and the host is not asked', async (_, bytes, reason) => {
  let asked = 0
  const admit = async () => ({ refuse: String((asked += 1)) })
  const b = await member('b', { admit })
  const client = await rawClient(b.running.address)
  client.socket.write(bytes)
  await client.closed
  expect(refusalOf(client)).toMatch(reason)
  expect(asked).toBe(0)
})

test('D16: whoever is dialled hears no hello before it has given a challenge, and the hello answers that one', async () => {
  const heard: Buffer[] = []
  const raw = await rawServer((socket) => socket.on('data', (chunk) => heard.push(chunk)))
  const given = Buffer.alloc(16, 5)
  const real = nodeEnvironment()
  const running = await tcpTransport().start({
    ...{ environment: real, self: nodeId('a'), address: '127.0.0.1:0' },
    ...{ admit: async () => ({ peer: raw.id }), onFrame: () => {}, onLink: () => {} },
    hello: (asked, to) => Buffer.concat([asked, Buffer.from(to)]),
  })
  onTestFinished(() => running.close())
  running.setPeers(new Map([[raw.id, raw.address]]))
  await until(() => greetingsIn(Buffer.concat(heard)).length === 1)
  for (let turn = 0; turn < 100; turn += 1) await real.yieldTurn()
  expect(Buffer.concat(heard)).toHaveLength(26)
  raw.sockets[0]?.write(encodeChallenge(given))
  await until(() => greetingsIn(Buffer.concat(heard)).length === 2)
  const [, hello] = greetingsIn(Buffer.concat(heard))
  expect(hello).toMatchObject({ kind: 'hello', body: new Uint8Array(Buffer.concat([given, Buffer.from('raw')])) })
})

test('a hello that is never finished is refused after helloTimeoutMs', async () => {
  const b = await member('b', { helloTimeoutMs: 60 })
  const client = await rawClient(b.running.address)
  client.socket.write(greetingAs('slow').subarray(0, 38))
  await client.closed
  expect(refusalOf(client)).toBe('no hello for 60 ms')
})

test('a hello and frames are understood one byte at a time', async () => {
  const b = await member('b')
  const client = await rawClient(b.running.address)
  client.socket.setNoDelay(true)
  const bytes = Buffer.concat([greetingAs('a'), frame('control', 'one'), frame('log', 'two')])
  for (const byte of bytes) await new Promise((sent) => client.socket.write(Buffer.of(byte), sent))
  await until(() => b.frames.length === 2)
  expect(b.frames.map(({ from, channel, frame }) => [from, channel, Buffer.from(frame).toString()])).toEqual([
    ['a', 'control', 'one'],
    ['a', 'log', 'two'],
  ])
})

test('what a member sends before it was admitted is not delivered when it is refused', async () => {
  const b = await member('b', { admit: async () => ({ refuse: 'of another cluster' }) })
  const client = await rawClient(b.running.address)
  client.socket.write(Buffer.concat([greetingAs('a'), frame('log', 'sneaky')]))
  await client.closed
  expect(refusalOf(client)).toBe('of another cluster')
  expect(b.frames).toEqual([])
})

test('a host that fails to decide has refused', async () => {
  const b = await member('b', { admit: () => Promise.reject(new Error('the disk is full')) })
  const client = await rawClient(b.running.address)
  client.socket.write(greetingAs('a'))
  await client.closed
  expect(refusalOf(client)).toBe('the disk is full')
})

test.each([
  ['a frame above the limit', Buffer.from([0xff, 0xff, 0xff, 0x7f, 1])],
  ['a frame of an unknown kind', Buffer.from([0, 0, 0, 0, 9])],
  ['an answer to a question that nobody has asked', frame('pong', '')],
])('%s ends the connection of a member that was admitted, and nothing of it arrives', async (_, bytes) => {
  const b = await member('b')
  const client = await rawMember(b.running.address, 'a')
  client.socket.write(Buffer.concat([frame('log', 'good'), bytes, frame('log', 'after')]))
  await client.closed
  expect(b.frames.map(({ frame }) => Buffer.from(frame).toString())).toEqual(['good'])
  expect(b.log.join()).toContain('broken off')
})

test('idle connections are bounded, and a member gets in all the same', async () => {
  const b = await member('b', { pendingConnectionsMax: 5, helloTimeoutMs: 60_000 })
  const idle: RawClient[] = []
  for (let count = 0; count < 40; count += 1) idle.push(await rawClient(b.running.address))
  const first = await Promise.race(idle.slice(0, 35).map((client) => client.closed.then(() => refusalOf(client))))
  expect(first).toBe('too many connections wait for admission')
  const a = await member('a')
  introduce(a, { id: b.id, address: b.running.address })
  await until(() => a.links.some((link) => link.startsWith('b up')))
  await until(() => idle.filter(({ socket }) => socket.destroyed).length >= 35)
  expect(idle.filter(({ socket }) => !socket.destroyed).length).toBeLessThanOrEqual(5)
})

test('connections that wait for a slow decision are bounded too', async () => {
  const b = await member('b', { pendingConnectionsMax: 3, admit: () => new Promise(() => {}) })
  const clients: RawClient[] = []
  for (let count = 0; count < 10; count += 1) {
    const client = await rawClient(b.running.address)
    client.socket.write(greetingAs(`m${count}`))
    clients.push(client)
  }
  await until(() => clients.filter(({ socket }) => socket.destroyed).length >= 7)
  expect(clients.filter(({ socket }) => !socket.destroyed).length).toBe(3)
})

test('a connection that has said its hello does not make room for idle ones', async () => {
  let asked = 0
  const undecided = (): Promise<never> => {
    asked += 1
    return new Promise(() => {})
  }
  const b = await member('b', { pendingConnectionsMax: 2, admit: undecided })
  const greeted = await rawClient(b.running.address)
  greeted.socket.write(greetingAs('a'))
  await until(() => asked === 1)
  const idle = [
    await rawClient(b.running.address),
    await rawClient(b.running.address),
    await rawClient(b.running.address),
  ]
  await until(() => idle.filter(({ socket }) => socket.destroyed).length === 2)
  expect(greeted.socket.destroyed).toBe(false)
})

test('a newer connection of a member takes the place of the older one', async () => {
  const b = await member('b')
  const older = await rawMember(b.running.address, 'a')
  const newer = await rawMember(b.running.address, 'a')
  await older.closed
  newer.socket.write(frame('log', 'from the newer'))
  await until(() => b.frames.length === 1)
  expect(newer.socket.destroyed).toBe(false)
})

test('an older connection whose admission took longer does not take the place of the newer one', async () => {
  const decisions: (() => void)[] = []
  const b = await member('b', {
    admit: (hello) =>
      new Promise((resolve) => {
        decisions.push(() => resolve({ peer: nodeId(Buffer.from(hello).toString()) }))
      }),
  })
  const older = await rawClient(b.running.address)
  older.socket.write(greetingAs('a'))
  await until(() => decisions.length === 1)
  const newer = await rawClient(b.running.address)
  newer.socket.write(Buffer.concat([greetingAs('a'), frame('log', 'from the newer')]))
  await until(() => decisions.length === 2)
  decisions[1]?.()
  await until(() => b.frames.length === 1)
  decisions[0]?.()
  await older.closed
  newer.socket.write(frame('log', 'again'))
  await until(() => b.frames.length === 2)
  expect(newer.socket.destroyed).toBe(false)
})

test('a decision that comes after its connection was given up changes nothing', async () => {
  const decisions: (() => void)[] = []
  const b = await member('b', {
    helloTimeoutMs: 60,
    admit: (hello) =>
      new Promise((resolve) => {
        decisions.push(() => resolve({ peer: nodeId(Buffer.from(hello).toString()) }))
      }),
  })
  const present = await rawClient(b.running.address)
  present.socket.write(greetingAs('a'))
  await until(() => decisions.length === 1)
  decisions[0]?.()
  const late = await rawClient(b.running.address)
  late.socket.write(greetingAs('a'))
  await late.closed
  expect(refusalOf(late)).toBe('no decision for 60 ms')
  decisions[1]?.()
  present.socket.write(frame('log', 'still here'))
  await until(() => b.frames.length === 1)
  expect(present.socket.destroyed).toBe(false)
})

test('a peer that sends what no member sends is disconnected: of 10,000 such frames one arrives', async () => {
  const b = await member('b')
  const client = await rawClient(b.running.address)
  const many = Array.from({ length: 10_000 }, () => frame('log', 'garbage'))
  client.socket.write(Buffer.concat([greetingAs('a'), ...many]))
  await client.closed
  expect(b.frames).toHaveLength(1)
  expect(b.log.filter((line) => line.includes('broken off'))).toEqual([
    'a connection was broken off: a frame on log is nothing that a member sends',
  ])
})

test('strangers of one address write ten lines in ten seconds, and one that says how many there were', async () => {
  const b = await member('b')
  for (let at = 0; at < 30; at += 1) {
    const client = await rawClient(b.running.address)
    client.socket.write('no member at all')
    await client.closed
  }
  await b.running.close()
  expect(b.log.filter((line) => line.startsWith('a connection was refused'))).toHaveLength(10)
  expect(b.log).toContain('20 more connections were refused: 127.0.0.1')
})
