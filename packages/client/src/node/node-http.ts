import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { bytesSchema, durationMsSchema, parseOptions, splitAddress } from '@quorate/contracts'
import { z } from 'zod'
import type { HttpAnswer, HttpCall, HttpExchange, HttpPort } from '../http-port.js'

/** Options of `nodeHttp` with their defaults. Durations in milliseconds, sizes in bytes. */
export const nodeHttpOptionsSchema = z.strictObject({
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

/** HTTP over `node:http`, with connections that are kept (decision D32). */
export function nodeHttp(given: NodeHttpOptions = {}): HttpPort {
  const settings = parseOptions(nodeHttpOptionsSchema, given, 'the options of nodeHttp')
  const agent = new Agent({
    keepAlive: true,
    maxSockets: settings.connectionsMax,
    maxFreeSockets: settings.connectionsMax,
    scheduling: 'lifo',
    timeout: settings.idleTimeoutMs,
    noDelay: true,
  })
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
  const headers = { accept: call.accept, ...(call.body === null ? {} : { 'content-type': 'application/json' }) }
  const request = httpRequest({ agent, host, port, method: call.method, path: call.path, headers })
  watchConnection(request, settings.connectTimeoutMs, call.onSent)
  const answer = new Promise<HttpAnswer>((resolve, reject) => {
    const onClose = (): void => reject(new Error('it was closed without an answer'))
    request.once('response', (response) => {
      request.off('close', onClose)
      readAnswer(response, settings.answerBytesMax).then(resolve, reject)
    })
    request.on('error', reject)
    request.once('close', onClose)
  })
  request.end(call.body ?? undefined)
  return { answer, cancel: () => request.destroy() }
}

/** A request leaves as soon as its connection stands; one that does not stand in time is given up. */
function watchConnection(request: ClientRequest, connectTimeoutMs: number, onSent: () => void): void {
  request.once('socket', (socket) => {
    if (!socket.connecting) return onSent()
    const timer = setTimeout(() => {
      request.destroy(new Error(`it was not made within ${connectTimeoutMs} ms`))
    }, connectTimeoutMs)
    socket.once('connect', () => {
      clearTimeout(timer)
      onSent()
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
