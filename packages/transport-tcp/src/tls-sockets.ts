import type { Socket } from 'node:net'
import { connect, createServer } from 'node:tls'
import { LineLimit, splitAddress } from '@quorate/contracts'
import { nodeEnvironment, renewing, strangerInWords, type Certificates } from '@quorate/contracts/node'
import type { TcpSettings } from './options.js'
import type { Sockets } from './sockets.js'

/**
 * TCP under mutual TLS: both sides prove the common name of their certificate, and nothing of ours is sent before that.
 * A connection in the middle of its handshake is bounded in time and number, as those that wait for a hello are.
 */
export function tlsSockets(certificates: Certificates, settings: TcpSettings): Sockets {
  const strangers = new Map<string, Socket>()
  const lines = new LineLimit(nodeEnvironment(), (from, leftOut) =>
    settings.logger.warn({ from, leftOut }, `${leftOut} more connections of ${from} proved nothing or were ended`),
  )
  return {
    dial: (address) => {
      // The name in the certificate is compared with the member that is wanted, not with the name of the machine.
      const identity = { checkServerIdentity: () => undefined }
      return connect({ ...splitAddress(address), ...certificates.current(), ...identity }).setNoDelay(true)
    },
    connected: 'secureConnect',
    serve: (onSocket) => {
      const limits = { handshakeTimeout: settings.helloTimeoutMs, noDelay: true }
      const server = renewing(createServer({ ...certificates.current(), ...limits }), certificates)
      server.on('connection', (socket: Socket) => meet(strangers, socket, settings, lines))
      server.on('secureConnection', (socket) => {
        strangers.delete(otherEndOf(socket))
        onSocket(socket)
      })
      server.on('tlsClientError', (error, socket) => {
        const reason = strangerInWords(error, socket)
        const from = otherEndOf(socket)
        const message = `a connection proved nothing and was refused: ${reason}`
        if (lines.take(hostOf(from))) settings.logger.warn({ from, reason }, message)
        // After a time-out Node.js leaves it open.
        socket.destroy()
      })
      return server
    },
    credentialsOf: (socket) => certificates.credentialsOf(socket),
    close: () => {
      for (const socket of strangers.values()) socket.destroy()
      lines.close()
      certificates.close()
    },
  }
}

/** Whoever has taken longest for its handshake makes room. */
function meet(strangers: Map<string, Socket>, socket: Socket, settings: TcpSettings, lines: LineLimit): void {
  const name = otherEndOf(socket)
  strangers.set(name, socket)
  socket.once('close', () => strangers.delete(name))
  if (strangers.size <= settings.pendingConnectionsMax) return
  const [oldest] = strangers
  if (!oldest) return
  if (lines.take(hostOf(oldest[0]))) {
    settings.logger.warn({ from: oldest[0] }, 'a connection was ended: too many are in their handshake')
  }
  oldest[1].destroy()
  strangers.delete(oldest[0])
}

function hostOf(otherEnd: string): string {
  return otherEnd.slice(0, otherEnd.lastIndexOf(':'))
}

/** The same for the socket of a handshake and the one that comes of it. */
function otherEndOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`
}
