import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { TLSSocket } from 'node:tls'
import { bytesSchema, durationMsSchema, parseOptions, splitAddress } from '@quorate/contracts'
import { z } from 'zod'
import type { HttpAnswer, HttpCall, HttpExchange, HttpPort } from '../http-port.js'
import { connectionError } from './connection-error.js'
import { clientTls, clientTlsSchema } from './tls.js'
import { TlsAgent } from './tls-agent.js'

/** Options of `nodeHttp` with their defaults. Durations in milliseconds, sizes in bytes. */
export const nodeHttpOptionsSchema = z.strictObject({
  /** Speak https to all addresses: with these certificates, or with what a function gives at each new connection. */
  tls: clientTlsSchema.optional(),
  /** Connections to one member at once; more requests wait for one to be free. */
  connectionsMax: z.int().min(1).max(1_024).default(64),
  /** How long a connection may take to be made. */
  connectTimeoutMs: durationMsSchema.default(1_000),
  /** How long an idle connection is kept: less than a gateway keeps it, so that no request meets its end. */
  idleTimeoutMs: durationMsSchema.max(30_000).default(10_000),
  /** The largest answer that is read. */
  answerBytesMax: bytesSchema.default(64 * 1024 * 1024),
})

/** What may be said to `nodeHttp`. */
export type NodeHttpOptions = z.input<typeof nodeHttpOptionsSchema>

type Settings = z.output<typeof nodeHttpOptionsSchema>

/** HTTP over `node:http`, or https, with connections that are kept (decision D32). */
export function nodeHttp(given: NodeHttpOptions = {}): HttpPort {
  const settings = parseOptions(nodeHttpOptionsSchema, given, 'the options of nodeHttp')
  const options = {
    keepAlive: true,
    maxSockets: settings.connectionsMax,
    maxFreeSockets: settings.connectionsMax,
    scheduling: 'lifo',
    timeout: settings.idleTimeoutMs,
    noDelay: true,
  } as const
  const agent = settings.tls === undefined ? new Agent(options) : new TlsAgent(options, clientTls(settings.tls))
  return {
    send: (call) => send(agent, settings, call),
    close: () => {
      agent.destroy()
      return Promise.resolve()
    },
  }
}

function send(agent: Agent, settings: Settings, call: HttpCall): HttpExchange {
  const { host, port } = splitAddress(call.address)
  const isTls = agent instanceof TlsAgent
  const headers = { accept: call.accept, ...(call.body === null ? {} : { 'content-type': 'application/json' }) }
  const start = isTls ? httpsRequest : httpRequest
  const request = start({ agent, host, port, method: call.method, path: call.path, headers })
  let isSent = false
  onConnection(request, settings.connectTimeoutMs, () => {
    isSent = true
    call.onSent()
    request.end(call.body ?? undefined)
  })
  const answer = new Promise<HttpAnswer>((resolve, reject) => {
    const onClose = (): void => reject(new Error('it was closed without an answer'))
    let isAnswered = false
    request.once('response', (response) => {
      isAnswered = true
      request.off('close', onClose)
      readAnswer(response, settings.answerBytesMax).then(resolve, reject)
    })
    request.on('error', (error) => {
      reject(isTls && !isAnswered ? connectionError(error, isSent, request.reusedSocket) : error)
    })
    request.once('close', onClose)
  })
  return { answer, cancel: () => request.destroy() }
}

/**
 * Calls `onReady` as soon as the connection of a request stands, under TLS once the other side has proved its name: nothing
 * has left before. One that does not stand in time is given up.
 */
function onConnection(request: ClientRequest, connectTimeoutMs: number, onReady: () => void): void {
  request.once('socket', (socket) => {
    if (request.destroyed) return
    const isTls = socket instanceof TLSSocket
    if (isTls ? socket.authorized : !socket.connecting) return onReady()
    const timer = setTimeout(() => {
      request.destroy(new Error(`it was not made within ${connectTimeoutMs} ms`))
    }, connectTimeoutMs)
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      if (!request.destroyed) onReady()
    })
    request.once('close', () => clearTimeout(timer))
  })
}

async function readAnswer(response: IncomingMessage, answerBytesMax: number): Promise<HttpAnswer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('an answer arrives as bytes')
    length += chunk.length
    if (length > answerBytesMax) throw new Error(`the answer is larger than ${answerBytesMax} bytes`)
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  const headers: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(response.headers)) headers[name] = Array.isArray(value) ? value[0] : value
  return {
    status: response.statusCode ?? 0,
    headers,
    bytes: new Uint8Array(body.buffer, body.byteOffset, body.length),
    text: () => body.toString('utf8'),
  }
}
