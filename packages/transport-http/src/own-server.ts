import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { LineLimit, QuorateError, splitAddress, type Environment } from '@quorate/contracts'
import { renewing, speaksTls, strangerInWords, type Certificates } from '@quorate/contracts/node'
import type { HttpSettings } from './options.js'

type Listener = (request: IncomingMessage, response: ServerResponse) => void

/** A connection that has not brought a request, and what cancels its deadline. */
interface Stranger {
  readonly socket: Socket
  readonly cancel: () => void
}

/**
 * The server of a member that is mounted in no other. Connections that have not brought a request yet are bounded in
 * number and in time: they cost memory, and nobody knows who they are.
 */
export class OwnServer {
  readonly #settings: HttpSettings
  readonly #server: Server | TlsServer
  readonly #sockets = new Set<Socket>()
  readonly #lines: LineLimit
  /** Of those, who has not brought a request, by remote address; in order of arrival. */
  readonly #strangers = new Map<string, Stranger>()

  constructor(
    environment: Environment,
    settings: HttpSettings,
    certificates: Certificates | undefined,
    listener: Listener,
  ) {
    this.#settings = settings
    this.#lines = new LineLimit(environment, (from, leftOut) =>
      settings.logger.warn({ from, leftOut }, `${leftOut} more connections of ${from} were refused or ended`),
    )
    const limits = {
      headersTimeout: settings.helloTimeoutMs,
      requestTimeout: Math.max(settings.postTimeoutMs, settings.helloTimeoutMs),
      connectionsCheckingInterval: Math.min(1_000, settings.helloTimeoutMs),
    }
    this.#server = certificates
      ? renewing(
          createTlsServer({ ...limits, handshakeTimeout: settings.helloTimeoutMs, ...certificates.current() }),
          certificates,
        )
      : createServer(limits)
    this.#server.on('clientError', (error: Error, socket: Duplex) => this.#onNonsense(error, socket))
    this.#server.on('tlsClientError', (error: Error, socket: Socket) => this.#onHandshakeEnded(error, socket))
    this.#server.on('connection', (socket: Socket) => this.#onConnection(environment, socket))
    const onRequest: Listener = (request, response) => {
      this.#forget(keyOf(request.socket))
      listener(request, response)
    }
    // Node.js would answer whoever expects something by itself, before anybody has looked for a token.
    for (const event of ['request', 'checkContinue', 'checkExpectation']) this.#server.on(event, onRequest)
  }

  /** Listens on `host:port` and resolves to where it does; the kernel chooses the port if 0 was asked for. */
  listen(address: string): Promise<string> {
    const server = this.#server
    return new Promise((resolve, reject) => {
      const onError = (error: Error) => reject(listenError(error, address))
      server.once('error', onError)
      server.listen({ ...splitAddress(address), exclusive: true }, () => {
        server.off('error', onError)
        server.on('error', (error) => {
          this.#settings.logger.error({ error }, `listening on ${address}: ${error.message}`)
        })
        const bound = server.address()
        const port = typeof bound === 'object' && bound !== null ? bound.port : splitAddress(address).port
        resolve(`${address.slice(0, address.lastIndexOf(':'))}:${port}`)
      })
    })
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    this.#lines.close()
    await closed
  }

  #onConnection(environment: Environment, socket: Socket): void {
    const { helloTimeoutMs, pendingConnectionsMax } = this.#settings
    const key = keyOf(socket)
    const cancel = environment.setTimer(helloTimeoutMs, () => socket.destroy())
    this.#sockets.add(socket)
    this.#strangers.set(key, { socket, cancel })
    socket.once('close', () => {
      this.#forget(key)
      this.#sockets.delete(socket)
    })
    if (this.#strangers.size <= pendingConnectionsMax) return
    const [oldest] = this.#strangers
    if (!oldest) return
    this.#warn(oldest[1].socket, { from: oldest[0] }, 'a connection was ended: too many have not brought a request')
    oldest[1].socket.destroy()
    this.#forget(oldest[0])
  }

  /** What Node.js tells as an end may be a certificate that was not accepted, on either side. */
  #onHandshakeEnded(error: Error, socket: Socket): void {
    if (!('code' in error && error.code === 'ECONNRESET')) return
    const reason = strangerInWords(error, socket)
    this.#warn(socket, { from: keyOf(socket), reason }, `a connection was refused: ${reason}`)
  }

  /** What came is no HTTP, or not in time; or it is no TLS, and then no answer would arrive. */
  #onNonsense(error: Error, socket: Duplex): void {
    const code = 'code' in error ? String(error.code) : ''
    if (code === 'ECONNRESET' || !(socket instanceof Socket)) return void socket.destroy()
    const reason = reasonOf(error, socket)
    this.#warn(socket, { from: keyOf(socket), reason }, `a connection was refused: ${reason}`)
    if (!/^(HPE|ERR_HTTP)_/.test(code) || !socket.writable) return void socket.destroy()
    const status = code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request'
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`, () => socket.destroy())
  }

  #warn(socket: Socket, fields: object, message: string): void {
    if (this.#lines.take(socket.remoteAddress ?? 'somebody')) this.#settings.logger.warn(fields, message)
  }

  #forget(key: string): void {
    this.#strangers.get(key)?.cancel()
    this.#strangers.delete(key)
  }
}

/** A socket's other end. With TLS, requests come on a socket that lies over the one that was accepted: it has the same. */
function keyOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`
}

/** How the TCP transport begins. */
const beginningOfTcp = Buffer.from('QRTM')

/** How a handshake of TLS begins. */
const beginningOfTls = Buffer.of(0x16, 0x03)

function reasonOf(error: Error, socket: Socket): string {
  const packet = 'rawPacket' in error ? error.rawPacket : undefined
  if (!Buffer.isBuffer(packet)) return strangerInWords(error, socket)
  if (packet.subarray(0, 2).equals(beginningOfTls)) {
    return speaksTls
  }
  if (!packet.subarray(0, 4).equals(beginningOfTcp)) return error.message
  return 'WRONG_TRANSPORT: the other side speaks TCP, and this member HTTP: give all members of a cluster the same transport'
}

function listenError(error: Error, address: string): QuorateError {
  const code = 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') {
    const message = `another process listens on ${address}: stop it, or give this member another address`
    return new QuorateError('ADDRESS_IN_USE', message, { cause: error })
  }
  const message = `cannot listen on ${address}: ${error.message}. Choose an address of this machine with httpTransport({ listen: 'host:port' })`
  return new QuorateError('INVALID_OPTIONS', message, { cause: error })
}
