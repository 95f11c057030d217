import type { Server, Socket } from 'node:net'
import type { ClientAddresses } from './client-addresses.js'
import type { ClientLines } from './client-lines.js'
import type { GatewaySettings } from './options.js'
import { Quota } from './quota.js'

/**
 * Ends connections of a client address that has its share already, and of addresses that are not established when only the
 * part of those that are is left: no address keeps all others from a gateway. Connections that were let in go on.
 */
export function limitConnectionsPerAddress(
  server: Server,
  { connectionsMax, addressShare }: GatewaySettings,
  clients: ClientAddresses,
  lines: ClientLines,
): void {
  const quota = new Quota({ max: connectionsMax, addressShare, loneMax: 2 })
  server.on('connection', (socket: Socket) => {
    const client = clients.at(socket.remoteAddress)
    const held = quota.of(client)
    if (held.take(1)) return void socket.once('close', () => held.give(1))
    lines.warn(client.network, 'a connection was closed: its address has its share of connectionsMax, or few are left')
    socket.destroy()
  })
}
