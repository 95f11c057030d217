/**
 * Today's code against the requests and answers of version 1 as they were recorded. A change of the format fails here;
 * it needs a new version and a recording of its own, and this one stays for as long as version 1 is spoken.
 */
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { nodeId, splitAddress } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, onTestFinished, test } from 'vitest'
import { introduce, member, serve, until } from './members.js'

interface RecordedRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface RecordedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Recording {
  readonly challenge: RecordedRequest
  readonly given: RecordedAnswer
  readonly link: RecordedRequest
  readonly answer: RecordedAnswer
  readonly frames: readonly RecordedRequest[]
  readonly refusal: RecordedAnswer
}

const recorded = JSON.parse(
  readFileSync(new URL('fixtures/recordings/version-1.json', import.meta.url), 'utf8'),
) as Recording
const linkId = recorded.answer.headers['quorate-link'] ?? ''
const drawing = (hex: string) => ({ ...nodeEnvironment(), randomBytes: () => Buffer.from(hex, 'hex') })
/** What the acceptor draws: its challenge, and its name of the link. */
const environment = drawing(linkId)
const ofDialler = drawing(recorded.link.headers['quorate-challenge'] ?? '')

/** Writes a recorded request as it stands, and returns what comes back on that connection, as it comes. */
function play(address: string, request: RecordedRequest): () => string {
  const socket = connect(splitAddress(address)).on('error', () => {})
  onTestFinished(() => void socket.destroy())
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`POST ${request.path} HTTP/1.1\r\nhost: b\r\n${headers.join('')}\r\n`)
  socket.write(Buffer.from(request.body, 'hex'))
  return () => answer
}

/** An answer without what belongs to HTTP or to the moment. */
function expectAnswer(text: string, expected: RecordedAnswer): void {
  const [head = '', body = ''] = text.split(/\r\n\r\n(.*)/s)
  const [status = '', ...lines] = head.split('\r\n')
  expect(status).toContain(` ${expected.status} `)
  const headers = Object.fromEntries(
    lines.map((line) => {
      const [name = '', value = ''] = line.toLowerCase().split(': ')
      return [name, value] as const
    }),
  )
  expect(headers).toMatchObject(expected.headers)
  // In chunks, if its length was not known: each after its length in hexadecimal.
  const chunked = /^[0-9a-f]+\r\n(.*)\r\n$/s.exec(body)
  expect(Buffer.from(chunked?.[1] ?? body, 'latin1').toString('hex')).toBe(expected.body)
}

test('D40: a recorded dialler of version 1 is understood, and answered as it was', async () => {
  const b = await member('b', { environment, beatIntervalMs: 600_000, silenceTimeoutMs: 600_000 })
  const given = play(b.running.address, recorded.challenge)
  await until(() => given().endsWith(linkId))
  expectAnswer(given(), recorded.given)
  const answer = play(b.running.address, recorded.link)
  await until(() => answer().endsWith('b\r\n'))
  expectAnswer(answer(), recorded.answer)
  for (const request of recorded.frames) {
    const taken = play(b.running.address, request)
    await until(() => taken().includes(' 204 '))
  }
  expect(b.frames.map(({ from, channel, frame }) => [from, channel, Buffer.from(frame).toString()])).toEqual([
    ['a', 'control', 'vote'],
    ['a', 'log', 'e'.repeat(300)],
    ['a', 'log', 'two'],
    ['a', 'bulk', ''],
  ])
})

test('D40: a recorded acceptor of version 1 is understood, and asked what it was asked', async () => {
  const asked: RecordedRequest[] = []
  const address = await serve((request, response) => {
    void bodyOf(request).then((body) => {
      asked.push({ path: request.url ?? '', headers: ours(request), body })
      if (request.url === recorded.challenge.path) {
        const { status, headers } = recorded.given
        return response.writeHead(status, headers).end(Buffer.from(recorded.given.body, 'hex'))
      }
      if (request.url !== recorded.link.path) return response.writeHead(204).end()
      const { status, headers } = recorded.answer
      return response.writeHead(status, headers).write(Buffer.from(recorded.answer.body, 'hex'))
    })
  })
  const b = nodeId('b')
  const a = await member('a', { environment: ofDialler })
  introduce(a, { id: b, address })
  await until(() => a.links.length > 0)
  expect(a.links).toEqual([`b up: connected to ${address}`])
  a.running.send(b, Buffer.from('vote'), 'control')
  await until(() => asked.length === 3)
  a.running.send(b, Buffer.from('e'.repeat(300)), 'log')
  a.running.send(b, Buffer.from('two'), 'log')
  await until(() => asked.length === 4)
  a.running.send(b, new Uint8Array(), 'bulk')
  await until(() => asked.length === 5)
  expect(asked).toEqual([recorded.challenge, recorded.link, ...recorded.frames])
})

test('D40: a refusal reads as it was recorded', async () => {
  const b = await member('b', { environment, admit: async () => ({ refuse: 'of another cluster' }) })
  const given = play(b.running.address, recorded.challenge)
  await until(() => given().endsWith(linkId))
  const answer = play(b.running.address, recorded.link)
  await until(() => answer().endsWith('of another cluster'))
  expectAnswer(answer(), recorded.refusal)

  const { status, headers, body } = recorded.refusal
  const address = await serve((_, response) => void response.writeHead(status, headers).end(Buffer.from(body, 'hex')))
  const a = await member('a')
  introduce(a, { id: b.id, address })
  await until(() => a.links.length > 0)
  expect(a.links).toEqual([`b down: ${address} refused: of another cluster`])
})

/** The headers of a request that belong to the format. */
function ours(request: IncomingMessage): Record<string, string> {
  const entries = Object.entries(request.headers).filter(([name]) => /^(quorate|content)-/.test(name))
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('hex')
}
