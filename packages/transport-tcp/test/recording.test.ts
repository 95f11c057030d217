/**
 * Today's code against the bytes of version 1 as they were recorded. A change of the format fails here; it needs a new
 * version and a recording of its own, and this one stays for as long as version 1 is spoken.
 */
import { readFileSync } from 'node:fs'
import { nodeId, type Environment } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, test } from 'vitest'
import { encodeRefusal } from '../src/handshake.js'
import { greetingAs, introduce, member, rawClient, rawServer, refusalOf, until } from './members.js'

/** What either side of a connection wrote, in hexadecimal; in pieces, for the reader's sake. */
interface Recording {
  readonly dialler: readonly string[]
  readonly acceptor: readonly string[]
  readonly refusal: string
}

const recorded = JSON.parse(
  readFileSync(new URL('fixtures/recordings/version-1.json', import.meta.url), 'utf8'),
) as Recording
const peer = nodeId('b')
const bytesOf = (pieces: readonly string[]): Buffer => Buffer.from(pieces.join(''), 'hex')

/** Draws challenges that consist of this letter. */
const drawing = (letter: string): Environment => ({
  ...nodeEnvironment(),
  randomBytes: (count) => Buffer.alloc(count, letter),
})

test('D40: a recorded dialler of version 1 is understood, and answered as it was', async () => {
  const b = await member('b', { environment: drawing('b') })
  const client = await rawClient(b.running.address)
  client.socket.write(bytesOf(recorded.dialler))
  const answer = bytesOf(recorded.acceptor)
  await until(() => client.received().length >= answer.length)
  expect(client.received()).toEqual(answer)
  expect(b.frames.map(({ from, channel, frame }) => [from, channel, Buffer.from(frame).toString()])).toEqual([
    ['a', 'control', 'vote'],
    ['a', 'log', 'e'.repeat(300)],
    ['a', 'bulk', ''],
  ])
})

test('D40: a recorded acceptor of version 1 is understood, and told what it was told', async () => {
  const chunks: Buffer[] = []
  const raw = await rawServer((socket) => {
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.write(bytesOf(recorded.acceptor.slice(0, 2)))
  })
  const a = await member('a', { environment: drawing('a'), probeIntervalMs: 600_000, probeTimeoutMs: 600_000 })
  introduce(a, { ...raw, id: peer })
  await until(() => a.links.length > 0)
  a.running.send(peer, Buffer.from('vote'), 'control')
  a.running.send(peer, Buffer.from('e'.repeat(300)), 'log')
  a.running.send(peer, new Uint8Array(), 'bulk')
  const said = bytesOf(recorded.dialler.slice(0, -1))
  await until(() => Buffer.concat(chunks).length >= said.length)
  expect(Buffer.concat(chunks)).toEqual(said)
  raw.sockets[0]?.write(bytesOf(recorded.acceptor.slice(2)))
  expect(a.links).toEqual([`b up: connected to ${raw.address}`])
})

test('D40: a refusal reads as it was recorded, by whatever version it is given', async () => {
  const refusal = Buffer.from(recorded.refusal, 'hex')
  expect(encodeRefusal('of another cluster')).toEqual(refusal)
  const future = Buffer.from(refusal)
  future.writeUInt8(200, 4)
  const raw = await rawServer((socket) => void socket.end(future))
  const a = await member('a')
  introduce(a, raw)
  await until(() => a.links.length > 0)
  expect(a.links).toEqual([`raw down: ${raw.address} refused: of another cluster`])

  const b = await member('b', { environment: drawing('b'), admit: async () => ({ refuse: 'of another cluster' }) })
  const client = await rawClient(b.running.address)
  client.socket.write(greetingAs('a'))
  await client.closed
  expect(client.received()).toEqual(Buffer.concat([bytesOf(recorded.acceptor.slice(0, 1)), refusal]))
  expect(refusalOf(client)).toBe('of another cluster')
})
