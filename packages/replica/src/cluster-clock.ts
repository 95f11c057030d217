import { clusterTime, type ClusterTime, type Environment } from '@quorate/contracts'

/** Stamps of a command after they were clamped. */
export interface AppliedStamps {
  readonly clusterTime: ClusterTime
  readonly wallMs: number
}

/**
 * Cluster time (decision D12): what was last applied when this member took office, plus its own monotonic milliseconds
 * since. Clamped at apply, so that it never goes back on any member.
 */
export class ClusterClock {
  readonly #environment: Environment
  #applied: AppliedStamps = { clusterTime: clusterTime(0), wallMs: 0 }
  #office: { readonly base: ClusterTime; readonly sinceMs: number } | null = null

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** The stamps of the last applied command. */
  get applied(): AppliedStamps {
    return this.#applied
  }

  /** Goes on from the stamps of a snapshot. */
  restore(stamps: AppliedStamps): void {
    this.#applied = stamps
    if (this.#office !== null) this.#takeOffice()
  }

  /** Cluster time as this member knows it: of the last command, or, while it leads, of now. */
  now(): ClusterTime {
    return this.#now()
  }

  /** Time runs only while somebody leads: here, while this member does. */
  lead(isLeader: boolean): void {
    if (!isLeader) this.#office = null
    else if (this.#office === null) this.#takeOffice()
  }

  /** The stamps of a command that this member proposes now. */
  stamps(): AppliedStamps {
    return { clusterTime: this.#now(), wallMs: Math.max(0, Math.trunc(this.#environment.wallMs())) }
  }

  /** The stamps of a command as every member sees them. An earlier leader's later time moves this one's base. */
  apply(stamps: AppliedStamps): AppliedStamps {
    this.#applied = {
      clusterTime: clusterTime(Math.max(this.#applied.clusterTime, stamps.clusterTime)),
      wallMs: Math.max(this.#applied.wallMs, stamps.wallMs),
    }
    if (this.#office !== null && this.#applied.clusterTime > this.#now()) this.#takeOffice()
    return this.#applied
  }

  #takeOffice(): void {
    this.#office = { base: this.#applied.clusterTime, sinceMs: this.#environment.monotonicMs() }
  }

  #now(): ClusterTime {
    if (this.#office === null) return this.#applied.clusterTime
    return clusterTime(this.#office.base + Math.trunc(this.#environment.monotonicMs() - this.#office.sinceMs))
  }
}
