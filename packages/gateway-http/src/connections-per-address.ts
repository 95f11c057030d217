import type { Server, Socket } from 'node:net'
import { LineLimit } from '@quorate/contracts'
import { networkOf } from './network-of.js'
import type { GatewaySettings } from './options.js'

/**
 * Ends connections of a client address that has its share already: no address keeps all others from a gateway. Those that
 * it has go on.
 */
export function limitConnectionsPerAddress(server: Server, settings: GatewaySettings): void {
  const { connectionsMax, environment, logger } = settings
  const shareMax = settings.connectionsPerAddressMax ?? Math.max(2, Math.floor(connectionsMax / 2))
  const counts = new Map<string, number>()
  const lines = new LineLimit(environment, (from, leftOut) =>
    logger.warn({ from, leftOut }, `${leftOut} more connections of ${from} were closed`),
  )
  server.on('connection', (socket: Socket) => {
    const network = networkOf(socket.remoteAddress ?? '')
    const count = counts.get(network) ?? 0
    if (count >= shareMax) {
      const message = `a connection was closed: ${network} has ${count} already (connectionsPerAddressMax)`
      if (lines.take(network)) logger.warn({ from: network, connectionsPerAddressMax: shareMax }, message)
      return void socket.destroy()
    }
    counts.set(network, count + 1)
    socket.once('close', () => {
      const left = (counts.get(network) ?? 1) - 1
      if (left > 0) counts.set(network, left)
      else counts.delete(network)
    })
  })
  server.once('close', () => lines.close())
}
