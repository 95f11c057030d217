import { once } from 'node:events'
import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net'
import {
  nodeId,
  type Channel,
  type Credentials,
  type Environment,
  type NodeId,
  type RunningTransport,
} from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { httpTransport, type HttpHandler, type HttpTransportOptions } from '@quorate/transport-http'
import { onTestFinished, vi } from 'vitest'

/** A member with the real transport, and what its host was told. */
export interface Member {
  readonly id: NodeId
  readonly running: RunningTransport
  readonly handler: HttpHandler
  readonly frames: { readonly from: NodeId; readonly channel: Channel; readonly frame: Uint8Array }[]
  readonly links: string[]
  readonly log: string[]
  readonly proved: Credentials[]
}

export interface MemberOptions extends HttpTransportOptions {
  readonly address?: string
  readonly environment?: Environment
  readonly admit?: (id: NodeId) => Promise<{ readonly peer: NodeId } | { readonly refuse: string }>
}

/** Starts a member on a port of its own; it closes when the test has finished. */
export async function member(id: string, options: MemberOptions = {}): Promise<Member> {
  const { address = '127.0.0.1:0', environment = nodeEnvironment(), admit, ...given } = options
  const frames: Member['frames'] = []
  const links: string[] = []
  const log: string[] = []
  const proved: Credentials[] = []
  const say = (_fields: object, message: string) => void log.push(message)
  const transport = httpTransport({ logger: { debug: say, info: say, warn: say, error: say }, ...given })
  const running = await transport.start({
    environment,
    self: nodeId(id),
    address,
    hello: () => Buffer.from(id),
    admit: async (hello, credentials) => {
      proved.push(credentials)
      const peer = nodeId(Buffer.from(hello).toString())
      return admit ? admit(peer) : { peer }
    },
    onFrame: (from, channel, frame) => {
      frames.push({ from, channel, frame })
      return Buffer.from(frame).toString().startsWith('garbage') ? 'malformed' : undefined
    },
    onLink: (peer, state, reason) => void links.push(`${peer} ${state}: ${reason}`),
  })
  onTestFinished(() => running.close())
  return { id: nodeId(id), running, handler: transport.handler, frames, links, log, proved }
}

/** Tells a member where others are. */
export function introduce(from: Member, ...others: { readonly id: NodeId; readonly address: string }[]): void {
  from.running.setPeers(new Map(others.map(({ id, address }) => [id, address])))
}

/** A member as its peers know it. */
export function at(member: Member, address: string = member.running.address): { id: NodeId; address: string } {
  return { id: member.id, address }
}

/** Waits for something that is not announced. */
export async function until(holds: () => boolean): Promise<void> {
  await vi.waitUntil(holds, { timeout: 15_000, interval: 5 })
}

export async function untilUp(from: Member, to: { readonly id: NodeId }): Promise<void> {
  await until(() => from.links.some((link) => link.startsWith(`${to.id} up`)))
}

/** Frames as text, in order of arrival. */
export function textsOf(member: Member): string[] {
  return member.frames.map(({ frame }) => Buffer.from(frame).toString())
}

/** A server of the test's own. Returns its address; it ends with the test. */
export async function serve(listener: (...given: Parameters<HttpHandler>) => void): Promise<string> {
  return listening(createServer(listener))
}

export async function listening(server: TcpServer): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What a request was answered. */
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface PostOptions {
  readonly headers?: Record<string, string | number>
  readonly body?: Uint8Array
  readonly method?: string
}

/** Sends a request of the test's own, and waits for all of the answer. */
export async function post(address: string, path: string, options: PostOptions = {}): Promise<Reply> {
  const { headers = {}, body = new Uint8Array(), method = 'POST' } = options
  const asked = request(`http://${address}${path}`, { method, headers, agent: false })
  asked.end(body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }
}

/** What our own requests for links have the other side answer. */
const ownChallenge = '7'.repeat(32)

/** The headers of a request for a link, with a challenge that was asked for. */
export async function answering(address: string, given: Record<string, string> = {}): Promise<Record<string, string>> {
  const headers = { 'quorate-versions': '1-1', ...given }
  const { body } = await post(address, '/quorate/challenge', { headers })
  return { ...headers, 'quorate-answers': body.toString(), 'quorate-challenge': ownChallenge }
}

/** Gives a challenge, in the place of a member; false if something else is asked for. */
export function givesChallenge(request: IncomingMessage, response: ServerResponse): boolean {
  if (!request.url?.endsWith('/challenge')) return false
  response.writeHead(200, { connection: 'close' }).end(ownChallenge)
  return true
}

/** A link of the test's own, admitted as `id`; `ended` resolves when its answer does. */
export interface RawLink {
  readonly link: string
  readonly version: string
  readonly ended: Promise<void>
  readonly close: () => void
  /** Posts a body of frames, or of these bytes. */
  readonly frames: (channel: Channel, number: number, ...frames: readonly (string | Uint8Array)[]) => Promise<Reply>
}

export async function rawLink(address: string, id: string, versions = '1-1'): Promise<RawLink> {
  const asked = request(`http://${address}/quorate/link`, {
    method: 'POST',
    agent: false,
    headers: await answering(address, { 'quorate-versions': versions }),
  })
  asked.on('error', () => {})
  asked.end(id)
  onTestFinished(() => void asked.destroy())
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const ended = new Promise<void>((resolve) => response.once('close', resolve))
  response.on('error', () => {}).resume()
  const link = String(response.headers['quorate-link'])
  return {
    link,
    version: String(response.headers['quorate-version']),
    ended,
    close: () => void asked.destroy(),
    frames: (channel, number, ...frames) =>
      post(address, `/quorate/frames/${channel}`, {
        headers: { 'quorate-link': link, 'quorate-number': number },
        body: bodyOf(...frames),
      }),
  }
}

/** A body of text frames; bytes stand in it as they are. */
export function bodyOf(...frames: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      if (typeof frame !== 'string') return [frame]
      const length = Buffer.alloc(4)
      length.writeUInt32LE(Buffer.byteLength(frame))
      return [length, Buffer.from(frame)]
    }),
  )
}
