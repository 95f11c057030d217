/** Who is not let in, and what that costs. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { nodeId, splitAddress } from '@quorate/contracts'
import { httpTransport } from '@quorate/transport-http'
import { expect, onTestFinished, test } from 'vitest'
import {
  answering,
  at,
  bodyOf,
  givesChallenge,
  introduce,
  listening,
  member,
  post,
  rawLink,
  serve,
  textsOf,
  until,
  untilUp,
} from './members.js'

const token = 'sixteen-or-more-letters'

test.each([
  ['/quorate/challenge', undefined],
  ['/quorate/link', undefined],
  ['/quorate/link', 'Bearer sixteen-or-more-letterz'],
  ['/quorate/link', 'Bearer '],
  ['/quorate/link', `Basic ${token}`],
  ['/quorate/frames/log', `Bearer ${token}x`],
  ['/elsewhere', undefined],
])('without the token %s is answered with 401 and nothing else (%s)', async (path, authorization) => {
  const b = await member('b', { token })
  const headers = { 'quorate-versions': '1-1', ...(authorization !== undefined && { authorization }) }
  const reply = await post(b.running.address, path, { headers, body: Buffer.from('a') })
  expect(reply.status).toBe(401)
  expect(reply.body).toEqual(Buffer.alloc(0))
  expect(Object.keys(reply.headers).sort()).toEqual(['connection', 'content-length', 'date', 'www-authenticate'])
  expect(b.proved).toEqual([])
})

test.each(['100-continue', 'a miracle'])(
  'without the token, whoever expects %s is answered with 401 and nothing else',
  async (expected) => {
    const b = await member('b', { token })
    const head = `POST /quorate/link HTTP/1.1\r\nhost: b\r\nexpect: ${expected}\r\ncontent-length: 1\r\n\r\na`
    const answer = await answerTo(b.running.address, head)
    expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/)
    expect(answer.split('HTTP/1.1')).toHaveLength(2)
  },
)

test('with the token a member is let in, and its host hears how it proved itself; with another one it is told why not', async () => {
  const [a, b, c] = [
    await member('a', { token }),
    await member('b', { token }),
    await member('c', { token: token + '2' }),
  ]
  introduce(a, at(b))
  introduce(c, at(b))
  await untilUp(a, b)
  await until(() => c.links.some((link) => link.includes('its token is another one')))
  expect(b.proved).toEqual([{ name: null, how: 'bearer' }])
  expect(a.proved).toEqual([{ name: null, how: 'bearer' }])
})

test('a token that is short or no token is refused as an option', () => {
  expect(() => httpTransport({ token: 'short' })).toThrowError(/token/)
  expect(() => httpTransport({ token: 'with a space in the middle' })).toThrowError(/token/)
})

test('D40: a wire format that is not spoken is refused by name, and the newest common one is chosen', async () => {
  const b = await member('b')
  const ask = (versions: string, place = 'link') =>
    post(b.running.address, `/quorate/${place}`, { headers: { 'quorate-versions': versions }, body: Buffer.from('a') })
  for (const place of ['challenge', 'link']) {
    const newer = await ask('2-3', place)
    expect([newer.status, newer.body.toString()]).toEqual([
      400,
      'FORMAT_TOO_NEW: the other side speaks wire format 2 to 3, and this member speaks 1: upgrade this member',
    ])
  }
  const wider = await rawLink(b.running.address, 'a', '1-2')
  expect(wider.version).toBe('1')
  expect((await ask('nonsense')).body.toString()).toContain('no member of a cluster')
  expect((await ask('0-0')).body.toString()).toContain('upgrade the other one')

  const future = await serve((request, response) => {
    if (givesChallenge(request, response)) return
    response.writeHead(200, { 'quorate-link': '0'.repeat(32), 'quorate-version': 2 }).flushHeaders()
  })
  introduce(b, { id: nodeId('future'), address: future })
  await until(() => b.links.some((link) => link.includes('chose wire format 2, which was not offered')))
})

test('a hello above the limit is refused, and so is one that is never finished', async () => {
  const b = await member('b', { helloTimeoutMs: 100 })
  const reply = await post(b.running.address, '/quorate/link', {
    headers: await answering(b.running.address),
    body: new Uint8Array(64 * 1024 + 1),
  })
  expect([reply.status, reply.body.toString()]).toEqual([413, 'a body is above 65536 bytes'])
  const slow = post(b.running.address, '/quorate/link', {
    headers: await answering(b.running.address, { 'content-length': '10' }),
    body: Buffer.from('slow'),
  })
  const answered = await slow
  expect([answered.status, answered.body.toString()]).toEqual([408, 'no hello for 100 ms'])
})

test('a body counts only if its number is above all others of its channel: nothing comes twice or too late', async () => {
  const b = await member('b')
  const a = await rawLink(b.running.address, 'a')
  expect((await a.frames('log', 1, 'one')).status).toBe(204)
  expect((await a.frames('log', 1, 'one again')).status).toBe(409)
  expect((await a.frames('log', 5, 'five', 'six')).status).toBe(204)
  expect((await a.frames('log', 4, 'four, late')).status).toBe(409)
  expect((await a.frames('control', 2, 'of another channel')).status).toBe(204)
  for (const number of [-1, 0.5, 'many']) expect((await a.frames('log', Number(number), 'x')).status).toBe(409)
  expect(textsOf(b)).toEqual(['one', 'five', 'six', 'of another channel'])
})

test('a body that was overtaken while it was on its way is not delivered', async () => {
  const b = await member('b')
  const a = await rawLink(b.running.address, 'a')
  const slow = connect(splitAddress(b.running.address))
  slow.on('error', () => {})
  onTestFinished(() => void slow.destroy())
  const ended = new Promise((resolve) => slow.once('close', resolve))
  slow.write(
    `POST /quorate/frames/log HTTP/1.1\r\nhost: b\r\nquorate-link: ${a.link}\r\nquorate-number: 1\r\ncontent-length: 11\r\n\r\n\x07\0\0\0ear`,
  )
  // The first is begun once a second with its number is refused.
  await until(() => slow.bytesWritten > 0)
  for (let status = 0; status !== 409;) status = (await a.frames('log', 1)).status
  expect((await a.frames('log', 2, 'later')).status).toBe(204)
  slow.write('lier')
  await ended
  expect(textsOf(b)).toEqual(['later'])
})

test.each([
  ['that ends within a length', bodyOf('good', Buffer.of(1, 0))],
  ['that ends within a frame', bodyOf('good', Buffer.of(9, 0, 0, 0, 1))],
  ['with a frame above the limit', bodyOf('good', Buffer.of(0xff, 0xff, 0xff, 0x7f))],
])('a body %s ends its link, and nothing of it is delivered', async (_, body) => {
  const b = await member('b')
  const a = await rawLink(b.running.address, 'a')
  expect((await a.frames('log', 1, body)).status).toBe(400)
  await a.ended
  expect((await a.frames('log', 2, 'after')).status).toBe(410)
  expect(b.frames).toEqual([])
})

test('a body above all limits is refused before it is kept', async () => {
  const b = await member('b', { frameBytesMax: 1_000 })
  const a = await rawLink(b.running.address, 'a')
  expect((await a.frames('log', 1, new Uint8Array(3_000_000))).status).toBe(413)
  expect(b.frames).toEqual([])
})

test('frames for a link that there is not are refused, and so are other methods and places', async () => {
  const b = await member('b')
  const { address } = b.running
  const headers = { 'quorate-link': 'f'.repeat(32), 'quorate-number': 1 }
  expect((await post(address, '/quorate/frames/log', { headers, body: bodyOf('x') })).status).toBe(410)
  expect((await post(address, '/quorate/link', { method: 'PUT' })).status).toBe(405)
  expect((await post(address, '/quorate/links')).status).toBe(404)
  expect((await post(address, '/link')).status).toBe(404)
  expect(b.frames).toEqual([])
})

test('a newer link of a member takes the place of the older one', async () => {
  const b = await member('b')
  const older = await rawLink(b.running.address, 'a')
  const newer = await rawLink(b.running.address, 'a')
  await older.ended
  expect((await older.frames('log', 1, 'from the older')).status).toBe(410)
  expect((await newer.frames('log', 1, 'from the newer')).status).toBe(204)
  expect(textsOf(b)).toEqual(['from the newer'])
})

test.each([
  ['of a page of another site', ['sec-fetch-site: cross-site'], 403],
  ['of a page of the same site', ['sec-fetch-site: same-site'], 403],
  ['of a page without a site', ['origin: null'], 403],
  ['of a page of its own address', ['origin: http://b', 'sec-fetch-site: same-origin'], 403],
  ['with two Host headers', ['host: elsewhere'], 400],
])('a request %s is refused, by its own server and mounted, and nothing is given to it', async (_, headers, status) => {
  const own = await member('b')
  const mounted = await member('b', { mounted: true })
  const mount = await serve((request, response) => mounted.handler(request, response))
  const head = ['quorate-versions: 1-1', ...headers].map((line) => `${line}\r\n`).join('')
  for (const [address, log] of [[own.running.address, own.log] as const, [mount, mounted.log] as const]) {
    for (const place of ['challenge', 'link', 'frames/log']) {
      const request = `POST /quorate/${place} HTTP/1.1\r\nhost: b\r\n${head}content-length: 0\r\n\r\n`
      expect(await answerTo(address, request)).toMatch(
        new RegExp(`^HTTP/1\\.1 ${status} .*\r\n\r\n(pages|the request)`, 's'),
      )
    }
    expect(log).toHaveLength(3)
  }
  expect([...own.proved, ...mounted.proved]).toEqual([])
})

test('a page without the token is answered with 401 and nothing else', async () => {
  const b = await member('b', { token })
  const headers = { 'sec-fetch-site': 'cross-site', origin: 'http://elsewhere' }
  expect(await post(b.running.address, '/quorate/challenge', { headers })).toMatchObject({
    status: 401,
    body: Buffer.alloc(0),
  })
})

/** Connections that say nothing. */
async function idlers(address: string, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(splitAddress(address)).on('error', () => {}))
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  return sockets
}

test('connections without a request are bounded in number and in time, and a member gets in all the same', async () => {
  const b = await member('b', { pendingConnectionsMax: 5, helloTimeoutMs: 300 })
  const sockets = await idlers(b.running.address, 40)
  await until(() => sockets.filter(({ destroyed }) => destroyed).length >= 35)
  const a = await member('a')
  introduce(a, at(b))
  await untilUp(a, b)
  await until(() => sockets.every(({ destroyed }) => destroyed))
})

test('requests that wait for a slow decision are bounded too', async () => {
  const b = await member('b', { pendingConnectionsMax: 3, admit: () => new Promise(() => {}) })
  let refused = 0
  for (let count = 0; count < 10; count += 1) {
    const headers = await answering(b.running.address)
    void post(b.running.address, '/quorate/link', { headers, body: Buffer.from(`m${count}`) }).then(
      ({ status }) => (refused += status === 503 ? 1 : 0),
      () => {},
    )
  }
  await until(() => refused >= 7)
  expect(refused).toBe(7)
})

test('a server that is no member is named as such', async () => {
  const stranger = await listening(createServer((_, response) => void response.end('hello')))
  const a = await member('a')
  introduce(a, { id: nodeId('b'), address: stranger })
  await until(() => a.links.some((link) => link.includes('is no member of a cluster: it gave no challenge')))
})

/** Writes these bytes as the first ones of a connection, and returns all that comes back. */
async function answerTo(address: string, bytes: string): Promise<string> {
  const socket = connect(splitAddress(address))
  const chunks: Buffer[] = []
  socket.on('error', () => {}).on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write(Buffer.from(bytes, 'latin1'))
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}

test('a member that speaks TCP is named in the log, and hears an answer in HTTP', async () => {
  const b = await member('b', { token })
  const answer = await answerTo(b.running.address, 'QRTM\x01\x01\x01\0\0\0a')
  expect(answer).toBe('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
  expect(b.log).toEqual([
    'a connection was refused: WRONG_TRANSPORT: the other side speaks TCP, and this member HTTP: give all members of a cluster the same transport',
  ])
})

test('what is no HTTP is refused with the reason in the log, and so is a request that is never finished', async () => {
  const b = await member('b', { helloTimeoutMs: 100 })
  expect(await answerTo(b.running.address, '\xff\xfe\r\n\r\n')).toMatch(/^HTTP\/1.1 400/)
  await answerTo(b.running.address, 'POST /quorate/link HTTP/1.1\r\nhost: ')
  expect(b.log[0]).toContain('Parse Error')
  expect(b.proved).toEqual([])
})

test('a peer that sends what no member sends loses its link', async () => {
  const b = await member('b')
  const a = await member('a')
  introduce(a, at(b))
  await untilUp(a, b)
  for (let count = 0; count < 100; count += 1) a.running.send(b.id, Buffer.from('garbage'), 'log')
  await until(() => a.links.some((link) => link.startsWith('b down')))
  expect(b.frames).toHaveLength(1)
  expect(b.log.some((line) => line.includes('a frame on log is nothing that a member sends'))).toBe(true)
})

test('strangers of one address write ten lines in ten seconds, and one that says how many there were', async () => {
  const b = await member('b', { admit: async () => ({ refuse: 'of another cluster' }) })
  for (let count = 0; count < 30; count += 1) {
    const headers = await answering(b.running.address)
    await post(b.running.address, '/quorate/link', { headers, body: Buffer.from('a') })
  }
  await b.running.close()
  expect(b.log.filter((line) => line.startsWith('a request was refused'))).toHaveLength(10)
  expect(b.log).toContain('20 more requests of 127.0.0.1 were refused')
})
