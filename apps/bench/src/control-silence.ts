import type { Transport, TransportHost } from '@quorate/contracts'

/** How long nothing comes from the leader on the channel that heartbeats take. */
export class ControlSilence {
  #leader: string | null = null
  #heardMs = 0
  #longestMs = 0

  /** From now on this member's silence counts. */
  listenTo(leader: string | null): void {
    this.#leader = leader
    this.#heardMs = performance.now()
  }

  /** The longest silence since it was asked the last time, one that has not ended included; in milliseconds. */
  takeLongestMs(): number {
    const longestMs = Math.max(this.#longestMs, this.#sinceMs())
    this.#longestMs = 0
    return longestMs
  }

  /** The same transport, with its ear on it. */
  heardOn(transport: Transport): Transport {
    const heard = (host: TransportHost): TransportHost => ({
      environment: host.environment,
      self: host.self,
      address: host.address,
      hello: (challenge, to) => host.hello(challenge, to),
      admit: (hello, credentials, challenge) => host.admit(hello, credentials, challenge),
      onLink: (peer, state, reason) => host.onLink(peer, state, reason),
      onFrame: (from, channel, frame) => {
        if (from === this.#leader && channel === 'control') this.#onHeard()
        host.onFrame(from, channel, frame)
      },
    })
    return { start: (host) => transport.start(heard(host)) }
  }

  #onHeard(): void {
    this.#longestMs = Math.max(this.#longestMs, this.#sinceMs())
    this.#heardMs = performance.now()
  }

  #sinceMs(): number {
    return this.#heardMs === 0 ? 0 : performance.now() - this.#heardMs
  }
}
