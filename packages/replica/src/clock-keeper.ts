import type { ClusterTime, Environment } from '@quorate/contracts'

/** How often a leader looks whether something is due, in milliseconds. */
const lookEveryMs = 250

/** How long a `clock` command may be under way before it is proposed again, in cluster time. */
const patienceMs = 5_000

/** What the keeper needs of the driver. */
export interface ClockKeeperHost {
  readonly environment: Environment
  /** Cluster time while this member leads; null while it does not. */
  now(): ClusterTime | null
  /** When the machine or a session needs to hear the time. */
  nextDeadline(): number | null
  proposeClock(): void
}

/**
 * Lets replicated time pass in a cluster where nobody writes (decision D12): when something in the state is due the leader
 * proposes a `clock` command: one for each deadline, and another when nothing came of it.
 */
export class ClockKeeper {
  readonly #host: ClockKeeperHost
  #toldOf = 0
  #toldAt = 0
  #cancelTimer: () => void = () => {}

  constructor(host: ClockKeeperHost) {
    this.#host = host
  }

  start(): void {
    this.#cancelTimer = this.#host.environment.setTimer(lookEveryMs, () => {
      this.#look()
      this.start()
    })
  }

  stop(): void {
    this.#cancelTimer()
  }

  #look(): void {
    const now = this.#host.now()
    if (now === null) return
    const deadline = this.#host.nextDeadline()
    if (deadline === null || deadline > now) return
    if (deadline <= this.#toldOf && now < this.#toldAt + patienceMs) return
    this.#toldOf = deadline
    this.#toldAt = now
    this.#host.proposeClock()
  }
}
