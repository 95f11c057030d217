import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import {
  nodeId,
  splitAddress,
  type Channel,
  type Environment,
  type NodeId,
  type RunningTransport,
  type TransportHost,
} from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { tcpTransport, type TcpTransportOptions } from '@quorate/transport-tcp'
import { onTestFinished, vi } from 'vitest'
import { encodeChallenge, encodeHello, GreetingReader, type Greeting } from '../src/handshake.js'

/** A member with the real transport, and what its host was told. */
export interface Member {
  readonly id: NodeId
  readonly running: RunningTransport
  readonly frames: { readonly from: NodeId; readonly channel: Channel; readonly frame: Uint8Array }[]
  readonly links: string[]
  readonly log: string[]
}

export interface MemberOptions extends TcpTransportOptions {
  readonly address?: string
  readonly environment?: Environment
  readonly admit?: TransportHost['admit']
}

/** Starts a member on a port of its own; it closes when the test has finished. */
export async function member(id: string, options: MemberOptions = {}): Promise<Member> {
  const { address = '127.0.0.1:0', environment = nodeEnvironment(), admit, ...transport } = options
  const frames: Member['frames'] = []
  const links: string[] = []
  const log: string[] = []
  const say = (_fields: object, message: string) => void log.push(message)
  const logger = { debug: say, info: say, warn: say, error: say }
  const running = await tcpTransport({ logger, ...transport }).start({
    environment,
    self: nodeId(id),
    address,
    hello: () => Buffer.from(id),
    admit: admit ?? (async (hello) => ({ peer: nodeId(Buffer.from(hello).toString()) })),
    onFrame: (from, channel, frame) => {
      frames.push({ from, channel, frame })
      return Buffer.from(frame).toString().startsWith('garbage') ? 'malformed' : undefined
    },
    onLink: (peer, state, reason) => void links.push(`${peer} ${state}: ${reason}`),
  })
  onTestFinished(() => running.close())
  return { id: nodeId(id), running, frames, links, log }
}

/** Tells a member where another one is. */
export function introduce(from: Member, to: { readonly id: NodeId; readonly address: string }): void {
  from.running.setPeers(new Map([[to.id, to.address]]))
}

/** Waits for something that is not announced. */
export async function until(holds: () => boolean): Promise<void> {
  await vi.waitUntil(holds, { timeout: 15_000, interval: 5 })
}

/** A raw connection to a member, and all that came back on it. */
export interface RawClient {
  readonly socket: Socket
  readonly received: () => Buffer
  readonly closed: Promise<unknown>
}

export async function rawClient(address: string): Promise<RawClient> {
  const socket = connect(splitAddress(address))
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return { socket, received: () => Buffer.concat(chunks), closed }
}

/** What raw connections challenge the other side with. */
export const challenge = Buffer.alloc(16, 7)

/** A challenge, and a hello as `id` that answers none: the hosts of these tests do not look. */
export function greetingAs(id: string): Buffer {
  return Buffer.concat([encodeChallenge(challenge), encodeHello(Buffer.from(id))])
}

/** The greetings in what came back: a challenge and a hello, or a refusal in the place of either. */
export function greetingsIn(received: Buffer): Greeting[] {
  const first = new GreetingReader('challenge').read(received)
  if (!first) return []
  if (first.greeting.kind === 'refusal') return [first.greeting]
  const second = new GreetingReader('hello').read(received.subarray(first.used))
  return second ? [first.greeting, second.greeting] : [first.greeting]
}

/** A raw connection that has been admitted as `id`. */
export async function rawMember(address: string, id: string): Promise<RawClient> {
  const client = await rawClient(address)
  client.socket.write(greetingAs(id))
  await until(() => greetingsIn(client.received()).length === 2)
  return client
}

/** The reason why a raw connection was refused. */
export function refusalOf(client: RawClient): string {
  const greeting = greetingsIn(client.received()).at(-1)
  return greeting?.kind === 'refusal' ? greeting.reason : 'it was not refused'
}

/** A server of the test's own in the place of a member. */
export async function rawServer(
  onSocket: (socket: Socket) => void,
): Promise<{ id: NodeId; address: string; sockets: Socket[] }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const { port } = server.address() as AddressInfo
  return { id: nodeId('raw'), address: `127.0.0.1:${port}`, sockets }
}
