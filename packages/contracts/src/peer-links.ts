import type { Environment } from './environment.js'
import { describeError } from './errors.js'
import { addressSchema } from './options.js'
import type { Random } from './random.js'
import type { Channel, Credentials, RunningTransport, TransportHost } from './transport.js'
import type { NodeId } from './units.js'

/** A host's decision about a hello; a host that fails to decide has refused. */
export async function admitBy(
  host: Pick<TransportHost, 'admit'>,
  hello: Uint8Array,
  credentials: Credentials,
  challenge: Uint8Array,
): Promise<{ readonly peer: NodeId } | { readonly refuse: string }> {
  try {
    return await host.admit(hello, credentials, challenge)
  } catch (error) {
    return { refuse: describeError(error) }
  }
}

/** The links of a transport by peer, kept as `setPeers` of the port asks: a changed address is another link. */
export class PeerLinks<Link extends { readonly address: string; close(): void }> {
  readonly #self: NodeId
  readonly #make: (peer: NodeId, address: string) => Link
  readonly #links = new Map<NodeId, Link>()

  constructor(self: NodeId, make: (peer: NodeId, address: string) => Link) {
    this.#self = self
    this.#make = make
  }

  get(peer: NodeId): Link | undefined {
    return this.#links.get(peer)
  }

  setPeers(peers: ReadonlyMap<NodeId, string>): void {
    for (const [peer, link] of this.#links) {
      if (peers.get(peer) === link.address) continue
      link.close()
      this.#links.delete(peer)
    }
    for (const [peer, address] of peers) {
      if (peer !== this.#self && !this.#links.has(peer)) this.#links.set(peer, this.#make(peer, address))
    }
  }

  close(): void {
    for (const link of this.#links.values()) link.close()
    this.#links.clear()
  }
}

/** How a connection, or the attempt to make one, has ended. */
export interface LinkEnding {
  readonly state: 'down' | 'gone'
  readonly reason: string
}

/** What a dialled connection tells the link it belongs to: `onUp` at most once, then `onEnd` once unless it was closed. */
export interface DialEvents {
  onUp(): void
  onEnd(ending: LinkEnding): void
}

/** A connection that was dialled, up or on its way. `close` ends it without a word to the link. */
export interface Dialled {
  send(channel: Channel, frame: Uint8Array): ReturnType<RunningTransport['send']>
  close(): void
}

/** What {@link DialledLink} needs of its transport. Durations in milliseconds. */
export interface DialledLinkHost {
  readonly environment: Environment
  /** Dice for the jitter of redials. */
  readonly random: Random
  readonly reconnectMinMs: number
  readonly reconnectMaxMs: number
  /** Makes a connection; a text says why there can be none just now, and it is asked again after the usual pause. */
  dial(events: DialEvents): Dialled | string
  onLink(state: 'up' | 'down' | 'gone', reason: string): void
}

/**
 * The way to one peer: keeps one connection dialled for as long as it is wanted. Reports a state to the host when it, or
 * the reason for it, has changed.
 *
 * A connection that breaks is dialled again at once, so that a process that died shows as gone; after that the pauses
 * double, with jitter, up to `reconnectMaxMs`.
 */
export class DialledLink {
  readonly address: string
  readonly #host: DialledLinkHost
  #dialled: Dialled | undefined
  #cancelRedial: (() => void) | undefined
  #upSinceMs: number | undefined
  #failures = 0
  #closed = false
  #reported = ''

  constructor(address: string, host: DialledLinkHost) {
    this.address = address
    this.#host = host
    this.#dial()
  }

  send(channel: Channel, frame: Uint8Array): ReturnType<RunningTransport['send']> {
    return this.#dialled?.send(channel, frame) ?? 'dropped'
  }

  /** Dials now if it was waiting to: the peer has just shown that it lives. */
  wake(): void {
    if (!this.#closed && !this.#dialled) this.#dial()
  }

  close(): void {
    this.#closed = true
    this.#cancelRedial?.()
    this.#dialled?.close()
    this.#dialled = undefined
  }

  #dial(): void {
    this.#cancelRedial?.()
    // The address may have come from another member: a bad one is a link that stays down, and stops nothing else.
    if (!addressSchema.safeParse(this.address).success) {
      return this.#giveUp(`"${this.address}" is no address like "127.0.0.1:7001"`)
    }
    const dialled = this.#host.dial({
      onUp: () => {
        this.#upSinceMs = this.#host.environment.monotonicMs()
        this.#report('up', `connected to ${this.address}`)
      },
      onEnd: (ending) => this.#onEnd(ending),
    })
    if (typeof dialled !== 'string') {
      this.#dialled = dialled
      return
    }
    this.#failures += 1
    this.#giveUp(dialled, () => this.#dialLater())
  }

  /** Reports it once whoever asked for this link has it, and does then what comes next. */
  #giveUp(reason: string, next: () => void = () => {}): void {
    this.#cancelRedial = this.#host.environment.setTimer(0, () => {
      next()
      this.#report('down', reason)
    })
  }

  #dialLater(): void {
    this.#cancelRedial = this.#host.environment.setTimer(this.#pauseMs(), () => this.#dial())
  }

  #onEnd(ending: LinkEnding): void {
    const { environment, reconnectMinMs } = this.#host
    const livedMs = this.#upSinceMs === undefined ? 0 : environment.monotonicMs() - this.#upSinceMs
    this.#dialled = undefined
    this.#upSinceMs = undefined
    // A connection that hardly lived counts as a failure: two members of one id that take each other's place would spin.
    const endured = livedMs >= reconnectMinMs
    this.#failures = endured ? 0 : this.#failures + 1
    if (endured) this.#dial()
    else this.#dialLater()
    this.#report(ending.state, ending.reason)
  }

  #pauseMs(): number {
    const { reconnectMinMs, reconnectMaxMs, random } = this.#host
    const doubled = reconnectMinMs * 2 ** Math.min(this.#failures - 1, 30)
    const halfMs = Math.ceil(Math.min(doubled, reconnectMaxMs) / 2)
    return halfMs + random.nextInt(halfMs + 1)
  }

  #report(state: 'up' | 'down' | 'gone', reason: string): void {
    const report = `${state} ${reason}`
    if (report === this.#reported) return
    this.#reported = report
    this.#host.onLink(state, reason)
  }
}
