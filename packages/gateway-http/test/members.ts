import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer, request as httpsRequest } from 'node:https'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { once } from 'node:events'
import { clusterTime, nodeId, position, type Leadership, type MachineModule } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import {
  httpGateway,
  httpHandler,
  type HttpGateway,
  type HttpGatewayOptions,
  type HttpHandlerOptions,
  type ServedReplica,
} from '@quorate/gateway-http'
import { counter } from '@quorate/machine-counter'
import { raft } from '@quorate/raft'
import type { Replica, ReplicaEvents, ReplicaStatus } from '@quorate/replica'
import { createReplica } from '@quorate/replica/node'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport, type MemoryHub } from '@quorate/transport-memory'
import { onTestFinished, test } from 'vitest'
import { certificate } from '../../../tools/certificates/certificate.js'

/** One member of a cluster of raft on the memory adapters, closed when the test ends. */
export async function member<Machine extends MachineModule>(
  machine: Machine,
  ids: readonly string[] = ['n1'],
  id = 'n1',
  hub: MemoryHub = memoryHub(),
): Promise<Replica<Machine>> {
  const replica = await createReplica({
    id,
    members: Object.fromEntries(ids.map((each) => [each, `${each}:1`])),
    machine,
    protocol: raft(),
    transport: memoryTransport({ hub }),
    storage: memoryStorage(),
  })
  onTestFinished(() => replica.close())
  return replica
}

/** What gateways speak that a test starts without saying more. */
let tlsOfAll: HttpGatewayOptions['tls']

/** The same test twice, where it is possible: over plain HTTP, and over TLS with certificates of clients. */
export function overBoth(name: string, run: () => Promise<void>, isPossible = true): void {
  test.runIf(isPossible)(name, run)
  test.runIf(isPossible)(`${name} (under TLS)`, async () => {
    tlsOfAll = certificate('gateway')
    try {
      await run()
    } finally {
      tlsOfAll = undefined
    }
  })
}

/** What a client with a certificate of its own, or another one, speaks TLS with. */
export function clientOptions(name = 'client'): ConnectionOptions {
  return { ...certificate(name), checkServerIdentity: () => undefined }
}

/** A gateway on a free port, closed when the test ends. */
export async function gatewayOf(
  options: Pick<HttpGatewayOptions, 'replica'> & Partial<HttpGatewayOptions>,
): Promise<HttpGateway & TestServer> {
  const tls = options.tls ?? tlsOfAll
  const gateway = await httpGateway({ machine: counter, address: '127.0.0.1:0', ...options, ...(tls && { tls }) })
  onTestFinished(() => gateway.close())
  return tls ? { ...gateway, ca: certificate('gateway').ca } : gateway
}

/** Where requests of a test go. */
export interface TestServer {
  readonly address: string
  /** The authority of its certificate, if it speaks TLS. */
  readonly ca?: string
}

/** A handler that is mounted in a server of `node:https` on a free port, closed when the test ends. */
export async function mountedOverTls(
  options: Pick<HttpHandlerOptions, 'replica'> & Partial<HttpHandlerOptions>,
): Promise<TestServer> {
  const handler = httpHandler({ machine: counter, ...options })
  const server = createHttpsServer({ cert: certificate('a').cert, key: certificate('a').key }, handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  return { address: `127.0.0.1:${port}`, ca: certificate('a').ca }
}

/** The cluster that acted replicas belong to. */
export const clusterId = '0123456789abcdef0123456789abcdef'

const steadyStatus: ReplicaStatus = {
  id: nodeId('n1'),
  state: 'running',
  reason: null,
  clusterId,
  incarnation: 'i',
  starts: 1,
  machine: { name: 'counter', version: 1, activeVersion: 1 },
  versions: { active: {}, supported: { machine: 1 } },
  protocol: { name: 'none', state: null },
  leadership: { leader: nodeId('n1'), epoch: 1, clientAddress: null },
  members: [],
  peers: [],
  progress: [],
  lastApplied: position(1),
  clusterTime: clusterTime(0),
  sessions: 0,
  pending: { commands: 0, queries: 0, transfers: 0, forwarded: 0 },
  queues: {
    ...{ inputs: 0, unwritten: 0, unapplied: 0, reads: 0 },
    ...{ attempts: 0, places: 0, proposed: 0, slots: 0, imageParts: 0, images: 0 },
  },
  snapshot: { position: 0, entriesSince: 1, bytesSince: 0, isWriting: false },
  storage: { survives: 'nothing', pressure: 'none' },
  warnings: [],
  digest: null,
}

/** A replica that does what a test says. */
export class ActedReplica implements ServedReplica {
  readonly id = nodeId('n1')
  readonly clusterId = clusterId
  state: Partial<ReplicaStatus> = {}
  propose: ServedReplica['propose']
  query: ServedReplica['query']
  openSession: ServedReplica['openSession']
  closeSession: ServedReplica['closeSession']
  /** Listeners of any event. */
  listeners = 0
  readonly #leadership = new Set<(event: Leadership) => void>()

  constructor(act: ServedReplica['propose']) {
    this.propose = act
    this.query = act
    this.openSession = async (nonce, options) => {
      const { position } = await act(nonce ?? new Uint8Array(), options)
      return { clusterId, nonce: nonce ?? new Uint8Array(16), position }
    }
    this.closeSession = async ({ nonce }, options) => void (await act(nonce, options))
  }

  /** Whether it knows the sessions that requests name. */
  knowsSessions = false

  hasSession(): boolean {
    return this.knowsSessions
  }

  async status(): Promise<ReplicaStatus> {
    return { ...steadyStatus, ...this.state }
  }

  async metrics(): Promise<string> {
    return ''
  }

  on<Name extends keyof ReplicaEvents>(name: Name, listener: (event: ReplicaEvents[Name]) => void): () => void {
    if (name === 'leadership') this.#leadership.add(listener as (event: Leadership) => void)
    this.listeners += 1
    return () => void (this.listeners -= 1)
  }

  lead(leader: string | null): void {
    this.state = { leadership: { leader: leader === null ? null : nodeId(leader), epoch: 2, clientAddress: null } }
    for (const listener of this.#leadership) listener({ leader: leader === null ? null : nodeId(leader), epoch: 2 })
  }
}

/** An answer, read to its end. */
export interface Answered {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Uint8Array
  readonly json: unknown
}

/** What a request of a test may differ in. */
export interface Asking {
  readonly method?: string
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** The address that the request comes from. */
  readonly from?: string
  /** The certificate that is shown under TLS: that of a client unless said. */
  readonly shows?: string
}

/** Sends one request on a connection of its own, a POST of JSON unless told otherwise. */
export async function ask({ address, ca }: TestServer, path: string, asking: Asking = {}): Promise<Answered> {
  const { method = 'POST', body, headers = {}, from: localAddress, shows } = asking
  const send = ca === undefined ? httpRequest : httpsRequest
  const request = send(`${ca === undefined ? 'http' : 'https'}://${address}${path}`, {
    agent: false,
    method,
    ...(localAddress !== undefined && { localAddress }),
    ...(ca !== undefined && clientOptions(shows)),
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  })
  request.end(body)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', reject)
  })
  const chunks: Uint8Array[] = []
  for await (const chunk of response) chunks.push(chunk as Uint8Array)
  const bytes = Buffer.concat(chunks)
  const isJson = response.headers['content-type']?.startsWith('application/json') === true
  const json: unknown = isJson && bytes.length > 0 ? JSON.parse(bytes.toString()) : null
  return { status: response.statusCode ?? 0, headers: response.headers, bytes, json }
}

/** A bare connection, and all that it has received. */
export interface BareConnection {
  readonly socket: Socket
  readonly received: () => string
  readonly closed: Promise<unknown>
}

/** Connects without speaking HTTP; under TLS, where the server does. */
export function bareConnection(server: TestServer, from?: string): Promise<BareConnection> {
  return connection(server, from, server.ca === undefined ? null : clientOptions())
}

/** Connects without speaking HTTP: under TLS with these options, or with null without. */
export async function connection(
  { address }: TestServer,
  from: string | undefined,
  tls: ConnectionOptions | null,
): Promise<BareConnection> {
  const [host, port] = address.split(':')
  const where = { port: Number(port), host, ...(from !== undefined && { localAddress: from }) }
  const socket = tls ? connectTls({ ...where, ...tls }) : connect(where)
  onTestFinished(() => void socket.destroy())
  let received = ''
  socket.on('data', (chunk) => (received += String(chunk)))
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await Promise.race([once(socket, tls ? 'secureConnect' : 'connect').catch(() => {}), closed])
  return { socket, received: () => received, closed }
}

/** Resolves when the condition holds; the test's own time limit ends a wait that is in vain. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await nodeEnvironment().yieldTurn()
}
