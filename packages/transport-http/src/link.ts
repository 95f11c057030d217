import { addressSchema, describeError, type Channel, type NodeId, type RunningTransport } from '@quorate/contracts'
import { Outgoing, type Ending, type Surroundings } from './outgoing.js'

/**
 * The way to one peer: keeps one link asked for as long as it is wanted. Reports a state to the host when it, or the
 * reason for it, has changed.
 *
 * A link that breaks is asked for again at once, so that a process that died shows as gone; after that the pauses
 * double, with jitter, up to `reconnectMaxMs`.
 */
export class Link {
  readonly address: string
  readonly #peer: NodeId
  readonly #surroundings: Surroundings
  #outgoing: Outgoing | undefined
  #cancelRedial: (() => void) | undefined
  #upSinceMs: number | undefined
  #failures = 0
  #closed = false
  #reported = ''

  constructor(surroundings: Surroundings, peer: NodeId, address: string) {
    this.#surroundings = surroundings
    this.#peer = peer
    this.address = address
    this.#dial()
  }

  send(channel: Channel, frame: Uint8Array): ReturnType<RunningTransport['send']> {
    return this.#outgoing?.send(channel, frame) ?? 'dropped'
  }

  /** Dials now if it was waiting to: the peer has just shown that it lives. */
  wake(): void {
    if (!this.#closed && !this.#outgoing) this.#dial()
  }

  close(): void {
    this.#closed = true
    this.#cancelRedial?.()
    this.#outgoing?.close()
    this.#outgoing = undefined
  }

  #dial(): void {
    this.#cancelRedial?.()
    const base = this.#base()
    if (typeof base === 'string') {
      this.#cancelRedial = this.#surroundings.host.environment.setTimer(0, () => this.#report('down', base))
      return
    }
    this.#outgoing = new Outgoing(this.#surroundings, this.#peer, base, {
      onUp: () => {
        this.#upSinceMs = this.#surroundings.host.environment.monotonicMs()
        this.#report('up', `connected to ${this.address}`)
      },
      onEnd: (ending) => this.#onEnd(ending),
    })
  }

  /**
   * Where the peer's paths begin, or what is wrong with it. The address may have come from another member: a bad one is
   * a link that stays down, and stops nothing else.
   */
  #base(): URL | string {
    const { settings } = this.#surroundings
    if (!addressSchema.safeParse(this.address).success) return `"${this.address}" is no address like "127.0.0.1:7001"`
    const own = `${settings.tls ? 'https' : 'http'}://${this.address}${settings.path}`
    try {
      return new URL((settings.peerUrl?.(this.#peer, this.address) ?? own).replace(/\/$/, ''))
    } catch (error) {
      return `the option peerUrl gives no URL for ${this.#peer}: ${describeError(error)}`
    }
  }

  #onEnd(ending: Ending): void {
    const { environment } = this.#surroundings.host
    const livedMs = this.#upSinceMs === undefined ? 0 : environment.monotonicMs() - this.#upSinceMs
    this.#outgoing = undefined
    this.#upSinceMs = undefined
    // A link that hardly lived counts as a failure: two members of one id that take each other's place would spin.
    const endured = livedMs >= this.#surroundings.settings.reconnectMinMs
    this.#failures = endured ? 0 : this.#failures + 1
    if (endured) this.#dial()
    else this.#cancelRedial = environment.setTimer(this.#pauseMs(), () => this.#dial())
    this.#report(ending.state, ending.reason)
  }

  #pauseMs(): number {
    const { settings, random } = this.#surroundings
    const doubled = settings.reconnectMinMs * 2 ** Math.min(this.#failures - 1, 30)
    const halfMs = Math.ceil(Math.min(doubled, settings.reconnectMaxMs) / 2)
    return halfMs + random.nextInt(halfMs + 1)
  }

  #report(state: 'up' | 'down' | 'gone', reason: string): void {
    const report = `${state} ${reason}`
    if (report === this.#reported) return
    this.#reported = report
    this.#surroundings.host.onLink(this.#peer, state, reason)
  }
}
