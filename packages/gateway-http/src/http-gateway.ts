/// <reference lib="esnext.disposable" preserve="true" />
import { createServer, type Server as PlainServer } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import type { DropArgument, Socket } from 'node:net'
import { parseOptions, QuorateError, splitAddress } from '@quorate/contracts'
import type { Renewed } from '@quorate/contracts/node'
import { declaresBody } from './answer.js'
import { limitConnectionsPerAddress } from './connections-per-address.js'
import { handlerOf, type Handler } from './http-handler.js'
import { httpGatewayOptionsSchema, type GatewaySettings, type HttpGatewayOptions } from './options.js'
import { gatewayTls, type GatewayTlsOptions } from './tls.js'
import { tlsServer } from './tls-server.js'

/** A member's gateway in use. */
export interface HttpGateway {
  /** `host:port` where it listens. */
  readonly address: string
  /** Takes nothing new, lets running requests finish within a bound, and ends every connection. Safe to call again. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

type Server = PlainServer | HttpsServer

/** Serves a replica's machine over HTTP at an address of its own. Resolves when it listens. */
export async function httpGateway(given: HttpGatewayOptions): Promise<HttpGateway> {
  const settings = parseOptions(httpGatewayOptionsSchema, given, 'the options of httpGateway')
  const { host } = splitAddress(settings.address)
  const hostNames = [...settings.hostNames, host.toLowerCase()]
  const certificates = settings.tls === undefined ? null : gatewayTls(settings.tls, settings.logger)
  const handler = handlerOf({ ...settings, hostNames })
  const { server, endHandshakes } = serverOf(settings, certificates, handler)
  const endUnasked = silentConnectionsOf(server)
  const endSilent = (): void => {
    endUnasked()
    endHandshakes()
  }
  const address = await listen(server, settings).catch((error: unknown) => {
    handler.close()
    throw error
  })
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => {
    closing ??= closeServer(server, settings.closeTimeoutMs, endSilent).finally(handler.close)
    return closing
  }
  return { address, close, [Symbol.asyncDispose]: close }
}

interface Serving {
  readonly server: Server
  readonly endHandshakes: () => void
}

function serverOf(
  settings: GatewaySettings,
  certificates: Renewed<GatewayTlsOptions> | null,
  handler: Handler,
): Serving {
  const { listener, clients, lines } = handler
  const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs, bodyBytesMax } = settings
  const limits = {
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
    keepAliveTimeout: keepAliveTimeoutMs,
    noDelay: true,
  }
  const { server, endHandshakes }: Serving =
    certificates === null
      ? { server: createServer(limits, listener), endHandshakes: () => {} }
      : tlsServer(certificates, settings, limits, handler)
  server.maxConnections = settings.connectionsMax
  limitConnectionsPerAddress(server, settings, clients, lines)
  server.on('drop', (dropped?: DropArgument) =>
    lines.warn(
      clients.at(dropped?.remoteAddress).network,
      'a connection was closed: there are as many as connectionsMax',
    ),
  )
  server.on('checkContinue', (request, response) => {
    const isWelcome = declaresBody(request) && Number(request.headers['content-length'] ?? 0) <= bodyBytesMax
    if (isWelcome) response.writeContinue()
    listener(request, response)
  })
  return { server, endHandshakes }
}

/**
 * What ends the connections that have sent nothing, which browsers and health checkers open: Node.js counts as idle only
 * those that were answered.
 */
function silentConnectionsOf(server: Server): () => void {
  const sockets = new Set<Socket>()
  // Under TLS these are the ones after their handshake: what that has read does not count.
  server.on(server instanceof HttpsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return () => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  }
}

/** The server ends connections that are idle at that moment; one that becomes idle later is swept up. */
async function closeServer(server: Server, closeTimeoutMs: number, endSilent: () => void): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const sweep = setInterval(() => server.closeIdleConnections(), 20)
  const end = setTimeout(() => server.closeAllConnections(), closeTimeoutMs)
  server.prependListener('request', (_, response) => response.setHeader('connection', 'close'))
  server.closeIdleConnections()
  endSilent()
  await closed
  clearInterval(sweep)
  clearTimeout(end)
}

function listen(server: Server, { address, logger }: GatewaySettings): Promise<string> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => reject(listenError(error, address))
    server.once('error', onError)
    server.listen({ ...splitAddress(address), exclusive: true }, () => {
      server.off('error', onError)
      server.on('error', (error) => logger.error({ error }, `listening on ${address}: ${error.message}`))
      const bound = server.address()
      const port = typeof bound === 'object' && bound !== null ? bound.port : splitAddress(address).port
      resolve(`${address.slice(0, address.lastIndexOf(':'))}:${port}`)
    })
  })
}

function listenError(error: Error, address: string): QuorateError {
  if ('code' in error && error.code === 'EADDRINUSE') {
    const message = `another process listens on ${address}: stop it, or give httpGateway another address`
    return new QuorateError('ADDRESS_IN_USE', message, { cause: error })
  }
  const message = `cannot listen on ${address}: ${error.message}. Give httpGateway an address of this machine`
  return new QuorateError('INVALID_OPTIONS', message, { cause: error })
}
