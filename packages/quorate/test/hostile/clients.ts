/** What a hostile client does to the gateways of members, from an address of its own. */
import { connect, type Socket } from 'node:net'
import { splitAddress } from '@quorate/contracts'
import type { Attack, Target } from './target.js'

/** Loopback is a network: the honest client comes from 127.0.0.1, and the hostile one from here. */
const hostileAddress = process.platform === 'linux' ? '127.0.0.66' : '127.0.0.1'
const mebibyte = 1024 * 1024

/** How often each attack is repeated. */
export interface ClientSizes {
  readonly bodies: number
  readonly requests: number
  readonly connections: number
}

type ClientAttack = readonly [name: string, attack: (target: Target, sizes: ClientSizes) => Promise<Attack>]

/** A little less than there may be in a body. */
const valuesMax = 1_900

export const clientAttacks: readonly ClientAttack[] = [
  ['bodies of 6.3 MiB of unknown keys', (target, { bodies }) => post(target, bodies, 'write', unknownKeys(550_000))],
  [
    'bodies of 8 MiB of items that do not fit',
    (target, { bodies }) => post(target, bodies, 'publish', items(4 * mebibyte - 2, '1')),
  ],
  [
    'bodies of unknown keys, within the bounds',
    (target, { bodies }) => post(target, 4 * bodies, 'write', unknownKeys(valuesMax)),
  ],
  [
    'bodies of items that do not fit, within the bounds',
    (target, { bodies }) => post(target, 4 * bodies, 'publish', items(valuesMax / 2, '{}')),
  ],
  [
    'bodies for nested unions, within the bounds',
    (target, { bodies }) => post(target, 4 * bodies, 'publish', items(valuesMax / 4, '[{"a":1}]')),
  ],
  [
    'documents of many levels',
    (target, { bodies }) => post(target, 4 * bodies, 'write', `{"text":${'['.repeat(64_000)}${']'.repeat(64_000)}}`),
  ],
  ['bodies of garbage', (target, { bodies }) => post(target, 4 * bodies, 'write', '\u0000'.repeat(mebibyte))],
  ['digests', (target, { requests }) => get(target, requests, '/v1/status?digest=true')],
  [
    'digests, as a page of another site asks for them',
    (target, { requests }) => get(target, requests, '/v1/status?digest=true', 'sec-fetch-site: cross-site\r\n'),
  ],
  ['names of 12 kB', (target, { requests }) => get(target, requests, `/v1/commands/${'x'.repeat(12_000)}`)],
  [
    'requests with two names of a host',
    (target, { requests }) => get(target, requests, '/v1/status', 'host: localhost\r\n'),
  ],
  ['requests on one connection, none of them read', unread],
  ['large answers, none of them read', unreadAnswers],
  [
    'sessions',
    (target, { requests }) => repeat(target, requests, () => head('POST', '/v1/sessions', 'content-length: 0\r\n')),
  ],
  ['connections that say nothing', idle],
]

function unknownKeys(count: number): string {
  return `{${Array.from({ length: count }, (_, at) => `"k${String(at).padStart(6, '0')}":1`).join(',')}}`
}

function items(count: number, item: string): string {
  return `[${`${item},`.repeat(count - 1)}${item}]`
}

function head(method: string, path: string, more = ''): string {
  return `${method} ${path} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n`
}

function post(target: Target, count: number, command: string, body: string): Promise<Attack> {
  const headers = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`
  const request = Buffer.from(head('POST', `/v1/commands/${command}`, headers) + body)
  return repeat(target, count, () => request)
}

function get(target: Target, count: number, path: string, more = ''): Promise<Attack> {
  return repeat(target, count, () => head('GET', path, more))
}

/** Sends each request on a connection of its own, sixteen at once, and reads its answer to the end. */
async function repeat(target: Target, count: number, request: (at: number) => string | Uint8Array): Promise<Attack> {
  const total = new Total()
  let begun = 0
  const send = async (): Promise<void> => {
    while (begun < count) {
      const at = (begun += 1)
      const socket = open(target, at)
      // Without more requests to come, the gateway ends the connection after the answer.
      socket.end(request(at))
      socket.resume()
      await ended(socket)
      total.count(socket)
    }
  }
  await Promise.all(Array.from({ length: 16 }, send))
  return total.of(count)
}

/** Requests for everything that a member tells, as fast as they are taken, on connections that nobody reads. */
async function unread(target: Target, { connections, requests }: ClientSizes): Promise<Attack> {
  const text = head('GET', '/metrics').repeat(requests)
  return standing(target, Math.ceil(connections / 8), (socket) => void socket.write(text))
}

/** Asks for an answer of 1 MiB on each connection, and reads none. */
async function unreadAnswers(target: Target, { connections }: ClientSizes): Promise<Attack> {
  const body = JSON.stringify({ text: 'x'.repeat(mebibyte) })
  const headers = `content-type: application/json\r\ncontent-length: ${body.length}\r\n`
  await repeat(target, 1, () => head('POST', '/v1/commands/write', headers) + body)
  const query = head('POST', '/v1/queries/last?consistency=local', 'content-length: 0\r\n')
  return standing(target, connections, (socket) => void socket.write(query.repeat(16)))
}

async function idle(target: Target, { connections }: ClientSizes): Promise<Attack> {
  return standing(target, connections * 4, () => {})
}

/** Opens connections, says something on each, and holds them for a second without reading: that is the attack. */
async function standing(target: Target, count: number, speak: (socket: Socket) => void): Promise<Attack> {
  const total = new Total()
  const sockets = Array.from({ length: count }, (_, at) => open(target, at).pause())
  for (const socket of sockets) speak(socket)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  for (const socket of sockets) socket.destroy()
  await Promise.all(sockets.map(ended))
  for (const socket of sockets) total.count(socket)
  return total.of(count)
}

function open({ gateways }: Target, at: number): Socket {
  const { host, port } = splitAddress(gateways[at % gateways.length] ?? '')
  return connect({ host, port, localAddress: hostileAddress, allowHalfOpen: true }).on('error', () => {})
}

function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())))
}

class Total {
  #sentBytes = 0
  #answeredBytes = 0

  count(socket: Socket): void {
    this.#sentBytes += socket.bytesWritten
    this.#answeredBytes += socket.bytesRead
  }

  of(sent: number): Attack {
    return { sent, sentBytes: this.#sentBytes, answeredBytes: this.#answeredBytes }
  }
}
