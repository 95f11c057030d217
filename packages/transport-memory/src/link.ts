import {
  admitBy,
  challengeBytes,
  type Channel,
  type LinkEnding,
  type NodeId,
  type TransportHost,
} from '@quorate/contracts'
import { Connection } from './connection.js'
import type { Hub } from './hub.js'

/** What a link needs to know of the transport it belongs to. */
export interface LinkOwner {
  readonly hub: Hub
  readonly host: TransportHost
  readonly channelBytesMax: number
  readonly reconnectMs: number
}

/** What no transport in one process can prove about its peer. */
export const credentials = { name: null, how: 'none' } as const

/**
 * The way to one peer: dials its address until both sides have admitted each other, and again when that breaks.
 * Reports a state when it, or the reason for it, has changed.
 */
export class Link {
  readonly peer: NodeId
  readonly address: string
  readonly #owner: LinkOwner
  #connection: Connection | undefined
  #cancelRedial: (() => void) | undefined
  #dialling = false
  #closed = false
  #upSinceMs = 0
  #reported = ''

  constructor(owner: LinkOwner, peer: NodeId, address: string) {
    this.#owner = owner
    this.peer = peer
    this.address = address
    this.dialNow()
  }

  send(channel: Channel, frame: Uint8Array): 'queued' | 'dropped' {
    return this.#connection ? this.#connection.send(channel, frame) : 'dropped'
  }

  /** Dials unless it is connected, or dialling already. */
  dialNow(): void {
    if (this.#closed || this.#dialling || this.#connection) return
    this.#cancelRedial?.()
    this.#dialling = true
    void this.#dial().then((failure) => {
      this.#dialling = false
      if (failure && !this.#closed) this.#failed(failure)
    })
  }

  close(): void {
    this.#closed = true
    this.#cancelRedial?.()
    this.#connection?.close()
    this.#connection = undefined
  }

  /** One attempt. Resolves to what went wrong, or null when it is connected or closed. */
  async #dial(): Promise<LinkEnding | null> {
    const { hub, host } = this.#owner
    await this.#travel()
    const listener = hub.listener(this.address)
    if (!listener) return { state: 'gone', reason: `nobody listens on ${this.address}` }
    if (hub.isCut(host.self, listener.id) || hub.isCut(listener.id, host.self)) {
      return { state: 'down', reason: `the link to ${this.address} is cut` }
    }
    const theirs = listener.challenge()
    const admitted = await listener.admit(new Uint8Array(host.hello(theirs, this.peer)), theirs)
    if (this.#closed) return null
    if ('refuse' in admitted) return { state: 'down', reason: `${this.address} refused: ${admitted.refuse}` }
    const ours = host.environment.randomBytes(challengeBytes)
    const answer = new Uint8Array(listener.hello(ours, admitted.peer))
    const reached = await admitBy(host, answer, credentials, ours)
    if ('refuse' in reached) return { state: 'down', reason: `${this.address} was refused here: ${reached.refuse}` }
    if (reached.peer !== this.peer) {
      return { state: 'down', reason: `${this.address} is member ${reached.peer}, not ${this.peer}` }
    }
    await this.#travel()
    if (this.#closed) return null
    const connection = new Connection(hub, {
      from: host.self,
      to: listener.id,
      environment: host.environment,
      channelBytesMax: this.#owner.channelBytesMax,
      onFrame: (channel, frame) => listener.onFrame(admitted.peer, channel, frame),
      onBroken: (reason) => this.#broken(connection, reason),
    })
    if (!listener.accept(admitted.peer, connection)) return { state: 'gone', reason: `${this.address} has closed` }
    this.#connection = connection
    this.#upSinceMs = host.environment.monotonicMs()
    this.#report('up', `connected to ${this.address}`)
    return null
  }

  /** As long as a frame takes to whoever listens there. */
  #travel(): Promise<void> {
    const { hub, host } = this.#owner
    const clock = hub.clock(host.environment)
    const latencyMs = hub.latencyMs(host.self, this.peer)
    if (latencyMs === 0) return clock.yieldTurn()
    return new Promise((resolve) => void clock.setTimer(latencyMs, resolve))
  }

  #broken(connection: Connection, reason: string): void {
    if (this.#closed || this.#connection !== connection) return
    this.#connection = undefined
    this.#report('down', reason)
    // At once, so that a dead peer shows as gone; but two members of one id that take each other's place must not spin.
    const livedMs = this.#owner.host.environment.monotonicMs() - this.#upSinceMs
    if (livedMs >= this.#owner.reconnectMs) this.dialNow()
    else this.#redialLater()
  }

  #failed(failure: LinkEnding): void {
    this.#redialLater()
    this.#report(failure.state, failure.reason)
  }

  #redialLater(): void {
    this.#cancelRedial = this.#owner.host.environment.setTimer(this.#owner.reconnectMs, () => this.dialNow())
  }

  #report(state: 'up' | 'down' | 'gone', reason: string): void {
    const report = `${state} ${reason}`
    if (report === this.#reported) return
    this.#reported = report
    this.#owner.host.onLink(this.peer, state, reason)
  }
}
