import { clusterTime, type ClusterTime, type Environment, type Leadership, type NodeId } from '@quorate/contracts'

/**
 * How far one entry moves cluster time at most, in milliseconds. A leader stamps nothing that is further ahead, and says
 * in half of this time that time has passed; so only a forged stamp is cut (decision 0017).
 */
export const clockStepMsMax = 3_600_000

/** Later stamps are read as these: the last moment of a `Date`, and far enough from the end of the whole numbers. */
const stampMsMax = 8_640_000_000_000_000

/** Stamps of a command after they were clamped. */
export interface AppliedStamps {
  readonly clusterTime: ClusterTime
  readonly wallMs: number
}

/**
 * Cluster time (decisions D12 and 0012): milliseconds in which somebody led. What is replicated is the stamp of the last
 * applied command, clamped, so that it never goes back on any member. Between two stamps every member counts its own
 * monotonic time while it knows a leader, so that little is lost when the leader changes:
 *
 *   - a member that does not lead counts from each stamp that it applies, which is later than the stamp was made;
 *   - a leader stamps what it has applied, until it has applied an entry of its own leadership, and with it everything
 *     that was stamped before; from then on it stamps what it counts.
 *
 * So of two stamps in the log the later one is never ahead by more than the time between them: no deadline is early.
 */
export class ClusterClock {
  readonly #environment: Environment
  #applied: AppliedStamps = { clusterTime: clusterTime(0), wallMs: 0 }
  /** `following` · leads, and has not applied all of earlier leaders · leads, and stamps what it counts. */
  #role: 'following' | 'waiting' | 'counting' = 'following'
  #epoch = 0
  /** What was counted up to `sinceMs`; null while nobody leads. */
  #countedMs = 0
  #sinceMs: number | null = null

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** The stamps of the last applied command. */
  get applied(): AppliedStamps {
    return this.#applied
  }

  /** True while this member leads and its stamps are of now. */
  get isCounting(): boolean {
    return this.#role === 'counting'
  }

  /** Goes on from the stamps of a snapshot. */
  restore(stamps: AppliedStamps): void {
    this.#applied = stamps
    this.#countFrom(stamps.clusterTime)
  }

  /** Cluster time as this member may stamp it: of the last command, or, while it leads, of now. */
  now(): ClusterTime {
    return this.isCounting ? clusterTime(Math.min(stampMsMax, Math.trunc(this.#countNow()))) : this.#applied.clusterTime
  }

  /** Time runs only while somebody leads. */
  onLeadership({ leader, epoch }: Leadership, self: NodeId): void {
    this.#countedMs = this.#countNow()
    this.#sinceMs = leader === null ? null : this.#environment.monotonicMs()
    if (leader !== self) this.#role = 'following'
    else if (this.#role === 'following' || this.#epoch !== epoch) this.#role = 'waiting'
    this.#epoch = epoch
  }

  /** The stamps of a command that this member proposes now. */
  stamps(): AppliedStamps {
    // What is stamped with less than was counted must not be overtaken by it: a deadline of this command would be early.
    if (this.#role === 'waiting') this.#countFrom(this.#applied.clusterTime)
    // What is beyond one step is not counted: cut at apply alone, a deadline of this command would be early.
    if (this.now() > this.#latestNext) this.#countFrom(this.#latestNext)
    return { clusterTime: this.now(), wallMs: Math.max(0, Math.trunc(this.#environment.wallMs())) }
  }

  /** The stamps of a command as every member sees them: neither goes back, and cluster time goes on by one step at most. */
  apply(stamps: AppliedStamps): AppliedStamps {
    this.#applied = {
      clusterTime: clusterTime(Math.max(this.#applied.clusterTime, Math.min(stamps.clusterTime, this.#latestNext))),
      wallMs: Math.max(this.#applied.wallMs, Math.min(stamps.wallMs, stampMsMax)),
    }
    if (!this.isCounting || this.#applied.clusterTime > this.now()) this.#countFrom(this.#applied.clusterTime)
    return this.#applied
  }

  /** An entry of this leadership was applied, and everything before it. */
  onApplied(epoch: number): void {
    if (this.#role === 'waiting' && epoch === this.#epoch) this.#role = 'counting'
  }

  /** This member stood still for so long: whether anybody led meanwhile it cannot know, unless that was itself. */
  onStall(ms: number): void {
    if (this.#role !== 'following' || this.#sinceMs === null) return
    this.#sinceMs = Math.min(this.#sinceMs + ms, this.#environment.monotonicMs())
  }

  /** The monotonic clock went back by so much, which it must not: the count goes on from where it was. */
  onClockBack(ms: number): void {
    if (this.#sinceMs !== null) this.#sinceMs -= ms
  }

  get #latestNext(): number {
    return Math.min(stampMsMax, this.#applied.clusterTime + clockStepMsMax)
  }

  #countFrom(ms: number): void {
    this.#countedMs = ms
    if (this.#sinceMs !== null) this.#sinceMs = this.#environment.monotonicMs()
  }

  #countNow(): number {
    if (this.#sinceMs === null) return this.#countedMs
    return this.#countedMs + Math.max(0, this.#environment.monotonicMs() - this.#sinceMs)
  }
}
