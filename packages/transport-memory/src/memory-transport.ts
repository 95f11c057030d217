import {
  admitBy,
  bytesSchema,
  challengeBytes,
  durationMsSchema,
  frameBytesMax,
  parseOptions,
  PeerLinks,
  type Channel,
  type NodeId,
  type RunningTransport,
  type Transport,
  type TransportHost,
} from '@quorate/contracts'
import { z } from 'zod'
import type { Connection } from './connection.js'
import { Hub, sharedHub, type Listener, type MemoryHub } from './hub.js'
import { credentials, Link, type LinkOwner } from './link.js'

/** Options of {@link memoryTransport}, with their defaults. */
export const memoryTransportOptionsSchema = z.strictObject({
  hub: z.custom<MemoryHub>((given) => given instanceof Hub, { error: 'must come from memoryHub()' }).optional(),
  frameBytesMax: bytesSchema.max(frameBytesMax).default(frameBytesMax),
  channelBytesMax: bytesSchema.default(64 * 1024 * 1024),
  reconnectMs: durationMsSchema.default(50),
})

/** `hub`: the network to be on. Sizes in bytes. */
export type MemoryTransportOptions = z.input<typeof memoryTransportOptionsSchema>

/**
 * A transport inside one process. Without a hub it is on the one that the whole process shares, and finds its peers
 * there by address.
 *
 * Frames are copied, and arrive in a later turn, never within `send`. `start` throws `ADDRESS_IN_USE` when the address
 * is taken on the hub; options throw `INVALID_OPTIONS`.
 */
export function memoryTransport(options: MemoryTransportOptions = {}): Transport {
  const { hub = sharedHub(), ...limits } = parseOptions(
    memoryTransportOptionsSchema,
    options,
    'memoryTransport options',
  )
  return {
    reach: 'process',
    start: async (host) => {
      if (!(hub instanceof Hub)) throw new TypeError('hub must come from memoryHub()')
      return new MemoryEndpoint({ hub, host, ...limits })
    },
  }
}

/** One member on a hub: its links to others, and the connections that others made to it. */
class MemoryEndpoint implements RunningTransport, Listener {
  readonly id: NodeId
  readonly address: string
  readonly #owner: LinkOwner & { readonly frameBytesMax: number }
  readonly #host: TransportHost
  readonly #links: PeerLinks<Link>
  readonly #inbound = new Map<NodeId, Connection>()
  #closed = false

  constructor(owner: LinkOwner & { readonly frameBytesMax: number }) {
    this.#owner = owner
    this.#host = owner.host
    this.id = owner.host.self
    this.address = owner.host.address
    this.#links = new PeerLinks(this.id, (peer, address) => new Link(owner, peer, address))
    owner.hub.listen(this)
  }

  setPeers(peers: ReadonlyMap<NodeId, string>): void {
    if (!this.#closed) this.#links.setPeers(peers)
  }

  send(to: NodeId, frame: Uint8Array, channel: Channel): 'queued' | 'dropped' {
    if (frame.length > this.#owner.frameBytesMax) return 'dropped'
    return this.#links.get(to)?.send(channel, frame) ?? 'dropped'
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#owner.hub.unlisten(this)
    this.#links.close()
    for (const connection of this.#inbound.values()) connection.break(`${this.address} has closed`)
    this.#inbound.clear()
  }

  challenge(): Uint8Array {
    return this.#host.environment.randomBytes(challengeBytes)
  }

  hello(challenge: Uint8Array, to: NodeId): Uint8Array {
    return this.#host.hello(challenge, to)
  }

  admit(hello: Uint8Array, challenge: Uint8Array): Promise<{ readonly peer: NodeId } | { readonly refuse: string }> {
    return admitBy(this.#host, new Uint8Array(hello), credentials, challenge)
  }

  accept(peer: NodeId, connection: Connection): boolean {
    if (this.#closed) return false
    this.#inbound.get(peer)?.break('a newer connection took its place')
    this.#inbound.set(peer, connection)
    // Whoever dials us is alive: no need to wait with dialling back.
    this.#links.get(peer)?.dialNow()
    return true
  }

  onFrame(peer: NodeId, channel: Channel, frame: Uint8Array): 'malformed' | void {
    if (!this.#closed) return this.#host.onFrame(peer, channel, frame)
  }
}
