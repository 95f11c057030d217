import {
  challengeBytes,
  frameBytesMax,
  QuorateError,
  type Channel,
  type NodeId,
  type RunningTransport,
  type Transport,
  type TransportHost,
} from '@quorate/contracts'
import type { TransportNetwork } from '@quorate/conformance'

/** What a transport may do wrong; the contract has to notice each. */
export type Sin =
  | 'reorders'
  | 'repeats'
  | 'alters'
  | 'shortens'
  | 'renames the sender'
  | 'enters the host within send'
  | 'shares bytes between receivers'
  | 'loses large frames'
  | 'takes frames above the limit'
  | 'is never full'
  | 'has one bound for all channels'
  | 'queues what it drops'
  | 'speaks after close'
  | 'reports links after close'
  | 'does not report that a peer has gone'
  | 'does not dial again'
  | 'delivers to the successor what was meant for its predecessor'
  | 'forgets why it was refused'
  | 'connects whom the other side refused'
  | 'ends the present connection for one that it refuses'
  | 'lets strangers in'
  | 'asks its host about strangers'
  | 'tells strangers nothing'
  | 'does not look whom it has reached'
  | 'delivers only what its peers send'
  | 'does not wait for the decision'
  | 'keeps the old address of a peer'
  | 'takes an address that is in use'
  | 'has one challenge for all connections'
  | 'goes on with whoever sends what no member sends'

const channelBytesMax = 64 * 1024 * 1024
const credentials = { name: null, how: 'none' } as const

/** A network that also has transports for those whom its members do not let in. */
export interface LoopbackNetwork extends TransportNetwork {
  stranger(): Transport
}

/** The smallest honest transport that the contract accepts, and what it becomes with a sin. */
export function loopbackNetwork(sin: Sin | null): LoopbackNetwork {
  const listeners = new Map<string, Loopback>()
  const transport = (isStranger: boolean): Transport => ({
    start: async (host) => {
      if (listeners.has(host.address) && sin !== 'takes an address that is in use') {
        throw new QuorateError('ADDRESS_IN_USE', `${host.address} is taken`)
      }
      const endpoint = new Loopback(host, sin, listeners, isStranger)
      listeners.set(host.address, endpoint)
      return endpoint
    },
  })
  return {
    transport: () => transport(false),
    stranger: () => transport(true),
    address: (member) => `loopback-${member}`,
  }
}

interface Way {
  readonly address: string
  to: Loopback | null
  readonly waiting: Record<Channel, number>
}

class Loopback implements RunningTransport {
  readonly address: string
  readonly host: TransportHost
  readonly #sin: Sin | null
  readonly #listeners: Map<string, Loopback>
  readonly #isStranger: boolean
  #ways = new Map<NodeId, Way>()
  #closed = false

  constructor(host: TransportHost, sin: Sin | null, listeners: Map<string, Loopback>, isStranger: boolean) {
    this.host = host
    this.address = host.address
    this.#sin = sin
    this.#listeners = listeners
    this.#isStranger = isStranger
  }

  get closed(): boolean {
    return this.#closed
  }

  setPeers(peers: ReadonlyMap<NodeId, string>): void {
    if (this.#closed) return
    const before = this.#ways
    this.#ways = new Map()
    for (const [peer, address] of peers) {
      const known = before.get(peer)
      const keeps = known && (known.address === address || this.#sin === 'keeps the old address of a peer')
      const way = keeps ? known : { address, to: null, waiting: { control: 0, log: 0, bulk: 0 } }
      this.#ways.set(peer, way)
      if (!keeps) void this.#dial(peer, way)
    }
  }

  send(to: NodeId, frame: Uint8Array, channel: Channel): 'queued' | 'dropped' {
    const refusal = this.#sin === 'queues what it drops' ? 'queued' : 'dropped'
    const way = this.#ways.get(to)
    if (!way?.to || this.#closed) return refusal
    if (frame.length > frameBytesMax && this.#sin !== 'takes frames above the limit') return refusal
    if (this.#sin === 'loses large frames' && frame.length > 4_000_000) return 'queued'
    const counted = this.#sin === 'has one bound for all channels' ? 'log' : channel
    if (way.waiting[counted] + frame.length > channelBytesMax && this.#sin !== 'is never full') return refusal
    way.waiting[counted] += frame.length
    const own = this.#sin === 'shares bytes between receivers' ? frame : new Uint8Array(frame)
    const { to: receiver } = way
    const deliver = (): void => {
      way.waiting[counted] -= frame.length
      if (way.to !== receiver || this.#deliver(receiver, own, channel) !== 'malformed') return
      if (this.#sin !== 'goes on with whoever sends what no member sends') way.to = null
    }
    if (this.#sin === 'enters the host within send') deliver()
    else if (this.#sin === 'reorders' && frame.length % 2 === 0)
      void this.#turn()
        .then(() => this.#turn())
        .then(deliver)
    else void this.#turn().then(deliver)
    return 'queued'
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#listeners.get(this.address) === this) this.#listeners.delete(this.address)
  }

  #turn(): Promise<void> {
    return this.host.environment.yieldTurn()
  }

  #deliver(receiver: Loopback, frame: Uint8Array, channel: Channel): 'malformed' | void {
    const sin = this.#sin
    const target =
      receiver.closed && sin?.startsWith('delivers to the successor') ? this.#listeners.get(receiver.address) : receiver
    if (!target || (target.closed && sin !== 'speaks after close')) return
    if (sin === 'delivers only what its peers send' && !target.#ways.has(this.host.self)) return
    if (sin === 'alters' && frame.length > 5) frame[5] = (frame[5] ?? 0) ^ 1
    const body = sin === 'shortens' && frame.length > 9_000 ? frame.subarray(0, 9_000) : frame
    const from = sin === 'renames the sender' ? target.host.self : this.host.self
    if (target.host.onFrame(from, channel, body) === 'malformed') return 'malformed'
    if (sin === 'repeats') target.host.onFrame(from, channel, new Uint8Array(body))
  }

  /** Connects, watches the connection until it breaks, and begins again, for as long as the way is wanted. */
  async #dial(peer: NodeId, way: Way): Promise<void> {
    const { host } = this
    let reported = ''
    const report = (state: 'up' | 'down' | 'gone', reason: string): void => {
      if ((this.#closed && this.#sin !== 'reports links after close') || reported === state + reason) return
      reported = state + reason
      host.onLink(peer, state, reason)
    }
    while (!this.#closed && this.#ways.get(peer) === way) {
      await this.#turn()
      const listener = this.#listeners.get(way.address)
      const problem = listener ? await this.#greet(peer, listener) : null
      if (listener && problem === null) {
        way.to = listener
        report('up', 'connected')
        while (way.to && !listener.closed && !this.#closed) await this.#pause()
        if (!way.to) report('down', 'the other side has ended it')
        if (!this.#sin?.startsWith('delivers to the successor')) way.to = null
        if (this.#sin === 'does not report that a peer has gone') return
        if (this.#sin === 'does not dial again') return report('gone', 'nobody listens')
      } else if (listener) report('down', problem ?? '')
      else report('gone', 'nobody listens')
      await this.#pause()
    }
  }

  /** Both sides decide. Returns what stands against the connection. */
  async #greet(peer: NodeId, listener: Loopback): Promise<string | null> {
    const sin = this.#sin
    const ours = this.#draw()
    const theirs = listener.#draw()
    if (this.#isStranger && sin !== 'lets strangers in') {
      if (sin === 'asks its host about strangers') {
        await listener.host.admit(this.host.hello(theirs, peer), credentials, theirs)
      }
      return sin === 'tells strangers nothing' ? '' : 'refused: who is this?'
    }
    const decision = listener.host.admit(this.host.hello(theirs, peer), credentials, theirs)
    if (sin === 'does not wait for the decision') return null
    const admitted = await decision
    if ('refuse' in admitted && sin === 'ends the present connection for one that it refuses') {
      for (const other of this.#listeners.values())
        if (other !== this && other.host.self === this.host.self) other.#cut()
    }
    if ('refuse' in admitted && sin !== 'connects whom the other side refused') {
      return sin === 'forgets why it was refused' ? 'refused' : `refused: ${admitted.refuse}`
    }
    const answer = listener.host.hello(ours, this.host.self)
    const reached = await this.host.admit(answer, credentials, ours)
    if (sin === 'does not look whom it has reached') return null
    if ('refuse' in reached) return reached.refuse
    return reached.peer === peer ? null : `this is ${reached.peer}`
  }

  #draw(): Uint8Array {
    if (this.#sin === 'has one challenge for all connections') return new Uint8Array(challengeBytes)
    return this.host.environment.randomBytes(challengeBytes)
  }

  #cut(): void {
    for (const [peer, way] of this.#ways) {
      way.to = null
      this.host.onLink(peer, 'down', 'another one came')
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.host.environment.setTimer(5, resolve))
  }
}
