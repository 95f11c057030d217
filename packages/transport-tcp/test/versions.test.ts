/** Which version of the wire format a connection speaks, with peers of the future. */
import { connect as connectTls } from 'node:tls'
import { splitAddress } from '@quorate/contracts'
import { expect, onTestFinished, test } from 'vitest'
import { encodeChallenge, encodeRefusal, GreetingReader, type Greeting } from '../src/handshake.js'
import { certificate } from '../../../tools/certificates/certificate.js'
import { challenge, introduce, member, rawClient, rawServer, refusalOf, until, type Member } from './members.js'

const span = (oldest: number, newest: number) => ({ oldest, newest })

/** What a member answers to a dialler that offers these versions, in the clear and under TLS. */
const dials: readonly (readonly [string, (offer: Uint8Array) => Promise<{ b: Member; answer: Greeting }>])[] = [
  [
    'in the clear',
    async (offer) => {
      const b = await member('b')
      const client = await rawClient(b.running.address)
      client.socket.write(offer)
      return { b, answer: await greetingOf(client.received) }
    },
  ],
  [
    'under TLS',
    async (offer) => {
      const b = await member('b', { tls: certificate('b') })
      const socket = connectTls({
        ...splitAddress(b.running.address),
        ...certificate('a'),
        checkServerIdentity: () => undefined,
      })
      onTestFinished(() => void socket.destroy())
      const chunks: Buffer[] = []
      socket.on('error', () => {}).on('data', (chunk: Buffer) => chunks.push(chunk))
      socket.once('secureConnect', () => socket.write(offer))
      return { b, answer: await greetingOf(() => Buffer.concat(chunks)) }
    },
  ],
]

async function greetingOf(received: () => Buffer): Promise<Greeting> {
  await until(() => new GreetingReader('challenge').read(received()) !== null)
  const read = new GreetingReader('challenge').read(received())
  if (!read) throw new Error('there is no greeting')
  return read.greeting
}

test.each(dials)('D40: %s, a dialler that offers 1 to 2 is answered with 1', async (_, dial) => {
  const { answer } = await dial(encodeChallenge(challenge, span(1, 2)))
  expect(answer).toMatchObject({ kind: 'challenge', version: 1, offered: span(1, 1) })
})

test.each(dials)('D40: %s, a dialler that offers 2 to 3 is refused by name, on both sides', async (_, dial) => {
  const { b, answer } = await dial(encodeChallenge(challenge, span(2, 3)))
  const reason =
    'FORMAT_TOO_NEW: the other side speaks wire format 2 to 3, and this member speaks 1: upgrade this member'
  expect(answer).toEqual({ kind: 'refusal', reason })
  expect(b.log).toContain(`a connection was refused: ${reason}`)
})

test.each([
  ['only what is not spoken any more is told to upgrade', span(0, 0), 'upgrade the other one'],
  ['a range that begins below zero is refused', span(-1, 1), 'speaks 2 versions before 1'],
])('D40: a dialler that offers %s', async (_, versions, reason) => {
  const b = await member('b')
  const client = await rawClient(b.running.address)
  client.socket.write(encodeChallenge(challenge, versions))
  await client.closed
  expect(refusalOf(client)).toContain(reason)
})

test.each([
  ['speaks 2 to 3 and refuses', encodeRefusal('speaks only newer ones'), /refused: speaks only newer ones/],
  [
    'chooses what was not offered',
    encodeChallenge(challenge, span(2, 2)),
    /not understood: FORMAT_TOO_NEW.*wire format 2,.*upgrade this member/,
  ],
  ['chooses nothing', encodeChallenge(challenge, span(1, 2)), /has chosen no wire format: it answered 1 to 2/],
])('D40: a peer of the future that %s, when it is dialled, is down', async (_, answer, reason) => {
  const heard: Buffer[] = []
  const future = await rawServer((socket) => {
    socket.on('data', (chunk) => heard.push(chunk))
    socket.once('data', () => socket.write(answer))
  })
  const a = await member('a')
  introduce(a, future)
  await until(() => a.links.some((link) => reason.test(link)))
  expect(a.links.join()).not.toContain('up:')
  expect(new GreetingReader('challenge').read(heard[0] ?? Buffer.alloc(0))?.greeting).toMatchObject({
    offered: span(1, 1),
  })
})
