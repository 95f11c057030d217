import type { ServerOptions } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { renewing, strangerInWords, type Renewed } from '@quorate/contracts/node'
import type { Handler } from './http-handler.js'
import type { GatewaySettings } from './options.js'
import { describeFailure, HttpRefusal } from './refusal.js'
import type { GatewayTlsOptions } from './tls.js'

/** A server of https, and what ends the connections that have not finished their handshake. */
export interface TlsServer {
  readonly server: Server
  readonly endHandshakes: () => void
}

/**
 * A server that speaks TLS alone. A handshake has as long as the head of a request. Whoever speaks plain HTTP is told so
 * in plain HTTP; nobody else is told anything, and the log has why.
 */
export function tlsServer(
  certificates: Renewed<GatewayTlsOptions>,
  settings: GatewaySettings,
  limits: ServerOptions,
  { listener, clients, lines }: Handler,
): TlsServer {
  const { headersTimeoutMs, environment } = settings
  const options = { ...limits, ...certificates.current(), handshakeTimeout: headersTimeoutMs }
  const server = renewing(createServer(options, listener), certificates)
  const handshakes = new Map<string, Socket>()
  server.on('connection', (socket: Socket) => {
    const name = otherEndOf(socket)
    // Node's own limit begins anew with each byte of some, and a handshake may take many.
    const cancel = environment.setTimer(headersTimeoutMs, () => {
      if (handshakes.get(name) === socket) socket.destroy()
    })
    handshakes.set(name, socket)
    socket.once('close', () => {
      cancel()
      if (handshakes.get(name) === socket) handshakes.delete(name)
    })
  })
  server.on('secureConnection', (socket) => handshakes.delete(otherEndOf(socket)))
  server.on('tlsClientError', (error, socket: TLSSocket) => {
    const reason = strangerInWords(error, socket, 'give its client the option tls')
    lines.warn(clients.at(socket.remoteAddress).network, `a connection was refused in its handshake: ${reason}`)
    const accepted = handshakes.get(otherEndOf(socket))
    if ('code' in error && error.code === 'ERR_SSL_HTTP_REQUEST') accepted?.write(answerToPlainHttp)
    // After a time-out Node.js leaves it open.
    socket.destroy()
  })
  const endHandshakes = (): void => {
    for (const socket of handshakes.values()) socket.destroy()
  }
  return { server, endHandshakes }
}

const answerToPlainHttp = plainAnswer()

/** Nothing was done, and a client that knows other members goes on to them, as if nobody listened here. */
function plainAnswer(): string {
  const message = 'this gateway speaks TLS alone: use https, and give createClient the option tls'
  const { error } = new HttpRefusal(400, 'CONNECTION_LOST', message)
  const body = JSON.stringify(describeFailure(error, message.length))
  const head = `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json; charset=utf-8\r\nconnection: close\r\n`
  return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

/** The same for the socket of a handshake and the one that comes of it. */
function otherEndOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`
}
