import type { Server, Socket } from 'node:net'
import {
  addressSchema,
  LineLimit,
  parseOptions,
  PeerLinks,
  seededRandom,
  splitAddress,
  type Channel,
  type DialledLink,
  type NodeId,
  type RunningTransport,
  type Transport,
  type TransportHost,
} from '@quorate/contracts'
import { Certificates } from '@quorate/contracts/node'
import { Inbound } from './inbound.js'
import { linkTo } from './link.js'
import { listen } from './listen.js'
import { tcpTransportOptionsSchema, type TcpSettings, type TcpTransportOptions } from './options.js'
import type { Surroundings } from './outgoing.js'
import { plainSockets, type Sockets } from './sockets.js'
import { tlsSockets } from './tls-sockets.js'

/**
 * Frames over TCP. Each member dials each: frames leave on the connection that this member has dialled, and those that
 * others have dialled only receive (decision D31).
 *
 * Options throw `INVALID_OPTIONS`; `start` throws `ADDRESS_IN_USE` when another process listens there, and
 * `INVALID_OPTIONS` when this machine has no such address.
 */
export function tcpTransport(options: TcpTransportOptions = {}): Transport {
  const settings = parseOptions(tcpTransportOptionsSchema, options, 'tcpTransport options')
  const certificates = settings.tls && new Certificates(settings.tls, settings.logger)
  return {
    start: async (host) => {
      const endpoint = new TcpEndpoint(host, settings, certificates ? tlsSockets(certificates, settings) : plainSockets)
      await endpoint.start(parseOptions(addressSchema, settings.listen ?? host.address, 'the address to listen on'))
      return endpoint
    },
  }
}

/** A connection that somebody else has dialled, and its place among all of them. */
interface Arrival {
  readonly inbound: Inbound
  readonly ordinal: number
}

/** One member on the network: the links that it dials, and the connections that others have dialled. */
class TcpEndpoint implements RunningTransport {
  readonly #surroundings: Surroundings
  readonly #server: Server
  readonly #links: PeerLinks<DialledLink>
  /** Everybody who is connected to us; in order of arrival. */
  readonly #inbound = new Set<Inbound>()
  /** Of those, who has not been admitted yet. */
  readonly #pending = new Set<Inbound>()
  readonly #byPeer = new Map<NodeId, Arrival>()
  #arrivals = 0
  #address = ''
  #closing: Promise<void> | undefined

  constructor(host: TransportHost, settings: TcpSettings, sockets: Sockets) {
    const random = seededRandom(host.environment.randomBytes(16))
    const lines = new LineLimit(host.environment, (about, leftOut) =>
      settings.logger.warn({ about, leftOut }, `${leftOut} more connections were ${about}`),
    )
    const debugLines = new LineLimit(host.environment, (from, leftOut) =>
      settings.logger.debug({ from, leftOut }, `${leftOut} more connections of ${from} have ended`),
    )
    this.#surroundings = { host, settings, sockets, random, lines, debugLines }
    this.#links = new PeerLinks(host.self, (peer, address) => linkTo(this.#surroundings, peer, address))
    this.#server = sockets.serve((socket) => this.#onSocket(socket))
  }

  get address(): string {
    return this.#address
  }

  async start(address: string): Promise<void> {
    const port = await listen(this.#server, address)
    const { host } = splitAddress(address)
    this.#address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
    this.#server.on('error', (error) => {
      this.#surroundings.settings.logger.error({ error }, `listening on ${this.#address}: ${error.message}`)
    })
  }

  setPeers(peers: ReadonlyMap<NodeId, string>): void {
    if (!this.#closing) this.#links.setPeers(peers)
  }

  send(to: NodeId, frame: Uint8Array, channel: Channel): 'queued' | 'dropped' {
    if (frame.length > this.#surroundings.settings.frameBytesMax) return 'dropped'
    return this.#links.get(to)?.send(channel, frame) ?? 'dropped'
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#links.close()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const inbound of this.#inbound) inbound.close('this member is closing')
    this.#surroundings.sockets.close()
    this.#surroundings.lines.close()
    this.#surroundings.debugLines.close()
    await closed
  }

  #onSocket(socket: Socket): void {
    if (this.#closing) return void socket.destroy()
    const ordinal = (this.#arrivals += 1)
    const inbound = new Inbound(this.#surroundings, socket, {
      onAdmitted: (peer) => this.#onAdmitted(peer, { inbound, ordinal }),
      onEnd: () => this.#onInboundEnd(inbound),
    })
    this.#inbound.add(inbound)
    this.#pending.add(inbound)
    if (this.#pending.size > this.#surroundings.settings.pendingConnectionsMax) this.#makeRoom(inbound)
  }

  /** Whoever has waited longest with its hello makes room: members need milliseconds for theirs. */
  #makeRoom(newest: Inbound): void {
    let unwanted = newest
    for (const inbound of this.#pending) {
      if (!inbound.isGreeting) continue
      unwanted = inbound
      break
    }
    this.#pending.delete(unwanted)
    unwanted.refuse('too many connections wait for admission')
  }

  /**
   * A newer connection takes the place of the older one before its dialler may send: otherwise frames that the older one
   * still holds would come after newer ones. Newer is who arrived later, however long the host took to decide.
   */
  #onAdmitted(peer: NodeId, arrival: Arrival): void {
    const present = this.#byPeer.get(peer)
    const [older, newer] = present && present.ordinal > arrival.ordinal ? [arrival, present] : [present, arrival]
    this.#byPeer.set(peer, newer)
    this.#pending.delete(arrival.inbound)
    older?.inbound.close('a newer connection took its place')
    this.#links.get(peer)?.wake()
  }

  #onInboundEnd(inbound: Inbound): void {
    this.#inbound.delete(inbound)
    this.#pending.delete(inbound)
    for (const [peer, current] of this.#byPeer) if (current.inbound === inbound) this.#byPeer.delete(peer)
  }
}
