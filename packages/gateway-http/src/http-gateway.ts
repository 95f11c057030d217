import { createServer, type Server } from 'node:http'
import { parseOptions, QuorateError, splitAddress } from '@quorate/contracts'
import { declaresBody } from './answer.js'
import { handlerOf, type HttpListener } from './http-handler.js'
import { httpGatewayOptionsSchema, type GatewaySettings, type HttpGatewayOptions } from './options.js'

/** A member's gateway in use. */
export interface HttpGateway {
  /** `host:port` where it listens. */
  readonly address: string
  /** Takes nothing new, lets running requests finish within a bound, and ends every connection. Safe to call again. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Serves a replica's machine over HTTP at an address of its own. Resolves when it listens. */
export async function httpGateway(given: HttpGatewayOptions): Promise<HttpGateway> {
  const settings = parseOptions(httpGatewayOptionsSchema, given, 'the options of httpGateway')
  const { host } = splitAddress(settings.address)
  const listener = handlerOf({ ...settings, hostNames: [...settings.hostNames, host.toLowerCase()] })
  const server = serverOf(settings, listener)
  const address = await listen(server, settings.address)
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => (closing ??= closeServer(server, settings.closeTimeoutMs))
  return { address, close, [Symbol.asyncDispose]: close }
}

function serverOf(settings: GatewaySettings, listener: HttpListener): Server {
  const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs, bodyBytesMax, logger } = settings
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
      keepAliveTimeout: keepAliveTimeoutMs,
      noDelay: true,
    },
    listener,
  )
  server.maxConnections = settings.connectionsMax
  server.on('drop', () =>
    logger.warn({ connectionsMax: settings.connectionsMax }, 'a connection was closed: there are too many'),
  )
  server.on('checkContinue', (request, response) => {
    const isWelcome = declaresBody(request) && Number(request.headers['content-length'] ?? 0) <= bodyBytesMax
    if (isWelcome) response.writeContinue()
    listener(request, response)
  })
  return server
}

/** The server ends connections that are idle at that moment; one that becomes idle later is swept up. */
async function closeServer(server: Server, closeTimeoutMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const sweep = setInterval(() => server.closeIdleConnections(), 20)
  const end = setTimeout(() => server.closeAllConnections(), closeTimeoutMs)
  server.prependListener('request', (_, response) => response.setHeader('connection', 'close'))
  server.closeIdleConnections()
  await closed
  clearInterval(sweep)
  clearTimeout(end)
}

function listen(server: Server, address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => reject(listenError(error, address))
    server.once('error', onError)
    server.listen({ ...splitAddress(address), exclusive: true }, () => {
      server.off('error', onError)
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
