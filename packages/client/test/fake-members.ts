import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { type Environment, type JsonValue } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { createClient, type NodeClientOptions } from '@quorate/client/node'
import type { Client } from '@quorate/client'
import { counter } from '@quorate/machine-counter'
import { onTestFinished } from 'vitest'

/** A stand-in for a member: answers as the test says, and remembers what it was asked, openings of sessions apart. */
export interface FakeMember {
  readonly address: string
  readonly asked: string[]
  readonly openings: string[]
  connections(): number
}

/** The cluster that fake members say they belong to. */
export const clusterId = '0123456789abcdef0123456789abcdef'

/** What a fake member does with one request, after it has arrived whole. */
export type Act = (request: IncomingMessage, response: ServerResponse, at: number) => void

/** Starts a fake member on a free port; it ends with the test. */
export async function fakeMember(act: Act, open: Act = openSession): Promise<FakeMember> {
  const asked: string[] = []
  const openings: string[] = []
  let connections = 0
  const server = createServer((request, response) => {
    request.resume()
    request.once('end', () => {
      const isOpening = request.url?.startsWith('/v1/sessions') === true
      const list = isOpening ? openings : asked
      list.push(`${request.method} ${request.url}`)
      if (isOpening) open(request, response, list.length)
      else act(request, response, list.length)
    })
  })
  server.on('connection', () => (connections += 1))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { address: addressOf(server.address()), asked, openings, connections: () => connections }
}

/** Starts a listener that speaks no HTTP unless the test does. */
export async function bareListener(onSocket: (socket: Socket) => void): Promise<{ readonly address: string }> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { address: addressOf(server.address()) }
}

/** An address where nobody listens. */
export async function deserted(): Promise<string> {
  const server = createTcpServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = addressOf(server.address())
  await new Promise((resolve) => server.close(resolve))
  return address
}

/** Answers with a result of the counter. */
export function succeed(value: number): Act {
  return (_, response) => {
    response.setHeader('content-type', `application/x-quorate+${counter.codec}`)
    response.setHeader('quorate-position', '1')
    response.end(Uint8Array.of(value))
  }
}

/** Opens session s11, then s12, s13, … */
export const openSession: Act = (_, response, at) => {
  response.setHeader('content-type', 'application/json; charset=utf-8')
  response.end(JSON.stringify({ session: `s${10 + at}`, cluster: clusterId }))
}

/** Each of these in turn, the last one for ever. */
export function inTurn(...acts: Act[]): Act {
  return (request, response, at) => acts[Math.min(at, acts.length) - 1]?.(request, response, at)
}

/** Answers as a gateway that refuses. */
export function refuse(code: string, details: { outcome?: string; leader?: JsonValue; message?: string } = {}): Act {
  const { outcome = 'notDone', leader = null, message = 'said so' } = details
  return (_, response) => {
    response.writeHead(503, { 'content-type': 'application/json; charset=utf-8', 'quorate-cluster': clusterId })
    response.end(JSON.stringify({ error: { code, outcome, message, leader } }))
  }
}

/** Answers as a member that knows another one to lead. */
export function pointAt(clientAddress: string | null, id = 'n2'): Act {
  return refuse('NOT_LEADER', { leader: { id, clientAddress } })
}

/** Says in its answer where the members are, as a gateway does. */
export function announcing(addresses: readonly string[], act: Act): Act {
  return (request, response, at) => {
    response.setHeader('quorate-members', addresses.join(','))
    response.setHeader('quorate-cluster', clusterId)
    return act(request, response, at)
  }
}

/** Never answers. */
export const hang: Act = () => {}

/** Breaks the connection off when the request has arrived. */
export const breakOff: Act = (request) => void request.socket.destroy()

function result(headers: Record<string, string>, ...bytes: number[]): Act {
  return (_, response) =>
    response
      .writeHead(200, { 'content-type': `application/x-quorate+${counter.codec}`, ...headers })
      .end(Uint8Array.from(bytes))
}

/** What no gateway answers, by name. */
export const noGateway: readonly (readonly [string, Act])[] = [
  ['a connection that breaks off after the request', breakOff],
  ['an answer of something else', (_, response) => response.end('<html>welcome</html>')],
  ['a failure of something between', (_, response) => response.writeHead(502).end()],
  ['a redirect without a word of ours', (_, response) => response.writeHead(307, { location: '/elsewhere' }).end()],
  [
    'JSON that is no refusal',
    (_, response) => response.writeHead(503, { 'content-type': 'application/json' }).end('{}'),
  ],
  ['half of JSON', (_, response) => response.writeHead(503, { 'content-type': 'application/json' }).end('{"error":')],
  [
    'a result of another codec',
    (_, response) => response.writeHead(200, { 'content-type': 'application/x-quorate+other-9' }).end(),
  ],
  ['a page that was found', (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>')],
  [
    'JSON of somebody else',
    (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}'),
  ],
  ['bytes that nobody can read', result({ 'quorate-position': '5' }, 0xc1, 0xc1)],
  ['a result with something behind it', result({ 'quorate-position': '5' }, 1, 1)],
  ['no bytes at all', result({ 'quorate-position': '5' })],
  ['a result of nowhere', result({}, 1)],
  ['a result of a place that is none', result({ 'quorate-position': '-1' }, 1)],
  [
    'half of an answer',
    (request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-quorate+msgpack-1', 'content-length': '10' })
      response.write('x', () => request.socket.destroy())
    },
  ],
]

/** Dice that always fall alike, so that a client starts at its first address. */
export function steadyEnvironment(): Environment {
  return { ...nodeEnvironment(), randomBytes: (count) => new Uint8Array(count) }
}

/** A client of the counter that starts at its first address; it ends with the test. */
export function clientOf(
  addresses: string[],
  options: Partial<NodeClientOptions<typeof counter>> = {},
): Client<typeof counter> {
  const client = createClient({ machine: counter, addresses, environment: steadyEnvironment(), ...options })
  onTestFinished(() => client.close())
  return client
}

/** The same without sessions: what is in doubt is not sent again. */
export function plainClientOf(
  addresses: string[],
  options: Partial<NodeClientOptions<typeof counter>> = {},
): Client<typeof counter> {
  return clientOf(addresses, { sessions: false, ...options })
}

function addressOf(bound: ReturnType<ReturnType<typeof createTcpServer>['address']>): string {
  return `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
}
