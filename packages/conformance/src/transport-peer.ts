import {
  BytesError,
  ByteReader,
  ByteWriter,
  equalBytes,
  nodeId,
  type Channel,
  type Environment,
  type NodeId,
  type RunningTransport,
  type Transport,
  type TransportHost,
} from '@quorate/contracts'
import { expectClaim } from './contract.js'

/** A network that is made for one case of the contract. */
export interface TransportNetwork {
  /** A transport on this network; each is started once. */
  transport(): Transport
  /** Where a member may listen: the first is 1. `host:0` is fine for a transport that chooses a port itself. */
  address(member: number): string
  /** Runs after the case, when all its transports have closed. */
  dispose?(): Promise<void>
}

/** What a case is run with. */
export interface TransportCase<Network extends TransportNetwork = TransportNetwork> {
  readonly network: Network
  readonly environment: Environment
  /** Whether the transport can tell a dead process (`gone`) from a silent one (`down`). */
  readonly tellsGone: boolean
  /** Starts a member that writes down what it is told, and that is closed after the case. */
  readonly start: (options: PeerOptions) => Promise<TransportPeer>
}

/** A promise of the port, and a run that breaks if it is not kept. */
export interface TransportClaim<Network extends TransportNetwork = TransportNetwork> {
  readonly claim: string
  readonly run: (given: TransportCase<Network>) => Promise<void>
}

/** What may be said of a member. */
export interface PeerOptions {
  readonly id: string
  readonly address: string
  /** Name in the hello, if not its own. */
  readonly claims?: string
  /** Which life of it this is, as its hello says. */
  readonly run?: string
  /** What it says on every connection, if not what it has to say. */
  readonly hello?: Uint8Array
  /** Whether a frame is one that no member sends. */
  readonly isMalformed?: (frame: Uint8Array) => boolean
  /** Its transport, if not one of the network. */
  readonly transport?: Transport
  /** Decides about an id and a run; admits everybody if it is left out. */
  readonly admit?: (id: NodeId, run: string) => Promise<{ readonly peer: NodeId } | { readonly refuse: string }>
}

/** A frame as it arrived. */
export interface Arrival {
  readonly from: NodeId
  readonly channel: Channel
  readonly frame: Uint8Array
}

/** A state of a link as it was reported. */
export interface LinkReport {
  readonly peer: NodeId
  readonly state: 'up' | 'down' | 'gone'
  readonly reason: string
}

/** A hello as it was said, or as it came, and the challenge that it had to answer. */
export interface Greeting {
  readonly challenge: Uint8Array
  readonly hello: Uint8Array
}

const patienceMs = 15_000

/**
 * A member of a contract's network. Its `frames` and `links` are in the order of arrival. It admits nobody whose hello
 * answers another challenge than that of the connection.
 */
export class TransportPeer {
  readonly id: NodeId
  readonly frames: Arrival[] = []
  readonly links: LinkReport[] = []
  /** Hellos that it has said, and that it was asked about. */
  readonly said: Greeting[] = []
  readonly heard: Greeting[] = []
  /** Runs at each arrival, within `onFrame`. */
  onArrival: (arrival: Arrival) => void = () => {}
  readonly #environment: Environment
  #running: RunningTransport | undefined
  #changed: () => void = () => {}

  constructor(id: string, environment: Environment) {
    this.id = nodeId(id)
    this.#environment = environment
  }

  get running(): RunningTransport {
    expectClaim(this.#running !== undefined, `${this.id} has not started`)
    return this.#running
  }

  get address(): string {
    return this.running.address
  }

  async start(transport: Transport, options: PeerOptions): Promise<void> {
    const admit = options.admit ?? (async (peer: NodeId) => ({ peer }))
    const host: TransportHost = {
      environment: this.#environment,
      self: this.id,
      address: options.address,
      hello: (challenge, to) => {
        const { claims = this.id, run = '' } = options
        const hello = options.hello ?? new ByteWriter().ascii(claims).ascii(run).bytes(challenge).ascii(to).finish()
        this.said.push({ challenge: new Uint8Array(challenge), hello: new Uint8Array(hello) })
        return hello
      },
      admit: async (hello, _credentials, challenge) => {
        this.heard.push({ challenge: new Uint8Array(challenge), hello: new Uint8Array(hello) })
        const claimed = claimOf(hello)
        if (claimed === null) return { refuse: 'no hello of this contract' }
        if (!equalBytes(claimed.challenge, challenge)) return { refuse: 'the hello answers another connection' }
        return claimed.to === this.id
          ? admit(claimed.id, claimed.run)
          : { refuse: `the hello is for ${claimed.to}, and this is ${this.id}` }
      },
      onFrame: (from, channel, frame) => {
        const arrival = { from, channel, frame }
        this.frames.push(arrival)
        this.onArrival(arrival)
        this.#changed()
        return options.isMalformed?.(frame) === true ? 'malformed' : undefined
      },
      onLink: (peer, state, reason) => {
        this.links.push({ peer, state, reason })
        this.#changed()
      },
    }
    this.#running = await transport.start(host)
  }

  /** Reaches exactly these, at the addresses where they listen. */
  reach(...peers: readonly TransportPeer[]): void {
    this.running.setPeers(new Map(peers.map((peer) => [peer.id, peer.address])))
  }

  send(to: TransportPeer, frame: Uint8Array, channel: Channel = 'log'): 'queued' | 'dropped' {
    return this.running.send(to.id, frame, channel)
  }

  /** The state of the link to a peer that was reported last. */
  linkTo(peer: TransportPeer): LinkReport | undefined {
    return this.links.findLast((report) => report.peer === peer.id)
  }

  async untilUp(...peers: readonly TransportPeer[]): Promise<void> {
    await this.until(`is connected to ${peers.map((peer) => peer.id).join(', ')}`, () =>
      peers.every((peer) => this.linkTo(peer)?.state === 'up'),
    )
  }

  /** Waits for something that a frame or a link brings about; the case fails when it does not come. */
  async until(what: string, holds: () => boolean): Promise<void> {
    if (holds()) return
    const inTime = await new Promise<boolean>((resolve) => {
      const cancel = this.#environment.setTimer(patienceMs, () => resolve(false))
      this.#changed = () => {
        if (!holds()) return
        cancel()
        resolve(true)
      }
    })
    this.#changed = () => {}
    const seen = this.links.map(({ peer, state, reason }) => `${peer} ${state} (${reason})`).join('; ')
    expectClaim(
      inTime,
      `member ${this.id} waited in vain until it ${what}. Frames: ${this.frames.length}. Links: ${seen}`,
    )
  }

  /** Sends again and again until something holds at the receiver: frames may be lost. */
  async sendUntil(receiver: TransportPeer, what: string, sendSome: () => void, holds: () => boolean): Promise<void> {
    let cancel: () => void = () => {}
    const again = (): void => {
      sendSome()
      cancel = this.#environment.setTimer(50, again)
    }
    again()
    await receiver.until(what, holds).finally(() => cancel())
  }

  async close(): Promise<void> {
    await this.#running?.close()
  }
}

function claimOf(
  hello: Uint8Array,
): { readonly id: NodeId; readonly run: string; readonly challenge: Uint8Array; readonly to: string } | null {
  try {
    const reader = new ByteReader(hello)
    return { id: nodeId(reader.ascii()), run: reader.ascii(), challenge: reader.bytes(), to: reader.ascii() }
  } catch (error) {
    if (error instanceof BytesError || error instanceof TypeError) return null
    throw error
  }
}

/** A frame that can be recognised: a number, then a pattern that follows from it, `length` bytes in all (at least 4). */
export function markedFrame(mark: number, length: number): Uint8Array {
  const frame = new Uint8Array(length)
  for (let at = 4; at < length; at += 1) frame[at] = (mark * 31 + at * 7 + (at >>> 8)) & 0xff
  frame.set(new ByteWriter().u32(mark).finish())
  return frame
}

/** The number that a frame says it has. */
export function claimedMark(frame: Uint8Array): number {
  return new ByteReader(frame).u32()
}

/** The number of a frame; fails the case if its pattern is not the one it was sent with. */
export function markOf(frame: Uint8Array): number {
  const mark = claimedMark(frame)
  for (let at = 4; at < frame.length; at += 1) {
    if (frame[at] === ((mark * 31 + at * 7 + (at >>> 8)) & 0xff)) continue
    expectClaim(false, `frame ${mark} of ${frame.length} bytes was altered at byte ${at}`)
  }
  return mark
}
