import type { Environment, ProtocolTiming } from '@quorate/contracts'
import { clockStepMsMax } from './cluster-clock.js'
import type { ReplicatedState } from './replicated-state.js'
import { untilOrFor } from './until-or-for.js'

/** A protocol that never replaces a leader is as patient as this, in milliseconds. */
const patienceMsOtherwise = 1_000
/** While only sessions are open their time is kept this often, in milliseconds: they may last longer, never shorter. */
const everyMsOfSessions = 10_000
/** Whatever is open: one entry moves time by a bounded step only (decision 0017), and time should not be lost to that. */
const everyMsAtLeast = clockStepMsMax / 2
/** A deadline that is past, and was told to the machine, is told to it again after this long, in cluster time. */
const tellAgainMs = 5_000
const lookMs = { min: 5, max: 250 } as const

/** What the keeper needs of the driver. */
export interface ClockKeeperHost {
  readonly environment: Environment
  readonly state: ReplicatedState
  readonly timing: ProtocolTiming | null
  /** How long {@link ClockKeeper.commit} waits at most, in milliseconds. */
  readonly commitMs: number
  /** Proposes a `clock` command with the stamps of now. */
  propose(): void
  /** True while the disk is short of room: then only what is due is told. */
  isShort(): boolean
  fail(error: unknown): void
}

/**
 * Lets replicated time pass in a cluster where nobody writes (decisions D12 and 0012). A leader proposes a `clock` command
 * when something in the state is due; while the machine has a deadline ahead, twice in the shortest election timeout, so
 * that no more than that is lost if all members die; and before it hands over.
 */
export class ClockKeeper {
  readonly #host: ClockKeeperHost
  readonly #everyMs: number
  /**
   * How long a `clock` command may be under way before it is proposed again, in cluster time. Short: while a transfer of
   * leadership is under way a leader takes none, and afterwards it may lead on.
   */
  readonly #underWayMs: number
  readonly #lookEveryMs: number
  /** What the machine last said; `isKnown` until something was applied. */
  #deadline: number | null = null
  #isKnown = false
  /** The stamp of the `clock` command that is under way. */
  #underWay: number | null = null
  #waiting: { readonly upTo: number; readonly end: () => void }[] = []
  #waitsSinceMs: number | null = null
  #cancelTimer: (() => void) | null = null

  constructor(host: ClockKeeperHost) {
    this.#host = host
    this.#everyMs = Math.max(1, (host.timing?.patienceMs ?? patienceMsOtherwise) / 2)
    this.#underWayMs = 2 * this.#everyMs
    this.#lookEveryMs = Math.min(lookMs.max, Math.max(lookMs.min, this.#everyMs / 4))
  }

  /** A leadership begins or ends. */
  onLeadership(leads: boolean): void {
    this.stop()
    this.#underWay = null
    this.#waitsSinceMs = null
    this.#isKnown = false
    if (leads) this.#lookLater()
  }

  /** Something was applied: deadlines may have changed. */
  onApplied(): void {
    this.#isKnown = false
    const { clusterTime } = this.#host.state.clock.applied
    for (const { upTo, end } of this.#waiting) if (clusterTime >= upTo) end()
  }

  stop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    for (const { end } of this.#waiting) end()
  }

  /**
   * Brings what this leader has counted into the log, if anything waits for it. Resolves when it is applied here, this
   * member leads no more, or the time is over.
   */
  async commit(): Promise<void> {
    const { environment, state, commitMs } = this.#host
    const upTo = state.clock.now()
    const isOpen = this.#machineDeadline() !== null || state.sessions.size > 0
    if (this.#cancelTimer === null || !isOpen || state.clock.applied.clusterTime >= upTo) return
    this.#host.propose()
    let end = (): void => {}
    const applied = new Promise<void>((resolve) => (end = resolve))
    const waiter = { upTo, end }
    this.#waiting.push(waiter)
    await untilOrFor(applied, environment, commitMs)
    this.#waiting = this.#waiting.filter((each) => each !== waiter)
  }

  /** The same, and then something else. It will be done, so this is true. */
  first(then: () => void): boolean {
    this.commit()
      .then(then)
      .catch((error: unknown) => this.#host.fail(error))
    return true
  }

  /** This member stood still for so long: time is not counted that another leader may not have led. */
  onStall(ms: number): void {
    const { timing, state } = this.#host
    if (timing && ms > timing.patienceMs) state.clock.onStall(ms)
  }

  #lookLater(): void {
    this.#cancelTimer = this.#host.environment.setTimer(this.#nextLookMs(), () => {
      this.#look()
      if (this.#cancelTimer !== null) this.#lookLater()
    })
  }

  /** Sooner than usual, if something is to be done sooner. */
  #nextLookMs(): number {
    const { clock } = this.#host.state
    if (!this.#isKnown || this.#deadline === null || !clock.isCounting) return this.#lookEveryMs
    const now = clock.now()
    const left = [this.#deadline - now, clock.applied.clusterTime + this.#everyMs - now].filter((ms) => ms > 0)
    return Math.ceil(Math.min(this.#lookEveryMs, ...left))
  }

  #look(): void {
    const { state } = this.#host
    if (!state.clock.isCounting) return this.#begin()
    const now = state.clock.now()
    const { clusterTime: applied } = state.clock.applied
    if (this.#underWay !== null && applied < this.#underWay && now < this.#underWay + this.#underWayMs) return
    this.#underWay = null
    if (!this.#isDue(now) && now - applied < this.#patienceMs(now)) return
    this.#underWay = now
    this.#host.propose()
  }

  /** A protocol without an entry of its own at the beginning of a leadership needs one before time counts. */
  #begin(): void {
    const nowMs = this.#host.environment.monotonicMs()
    this.#waitsSinceMs ??= nowMs
    if (nowMs - this.#waitsSinceMs < 2 * this.#everyMs) return
    this.#waitsSinceMs = nowMs
    if (this.#machineDeadline() !== null || this.#host.state.sessions.size > 0) this.#host.propose()
  }

  /** True if something is to be told now. What another command brought into the log told the machine nothing. */
  #isDue(now: number): boolean {
    const { sessions, toldUpTo } = this.#host.state
    const deadline = Math.min(this.#machineDeadline() ?? Infinity, sessions.noneEndsBefore)
    const wasTold = toldUpTo !== null && deadline <= toldUpTo && now < toldUpTo + tellAgainMs
    return deadline <= now && !wasTold
  }

  /** How old the last applied stamp may be. */
  #patienceMs(now: number): number {
    if (this.#host.isShort()) return everyMsAtLeast
    if ((this.#machineDeadline() ?? -Infinity) > now) return this.#everyMs
    return this.#host.state.sessions.size > 0 ? everyMsOfSessions : everyMsAtLeast
  }

  #machineDeadline(): number | null {
    if (this.#isKnown) return this.#deadline
    this.#isKnown = true
    try {
      this.#deadline = this.#host.state.machine.nextDeadline()
    } catch (error) {
      this.#host.fail(error)
    }
    return this.#deadline
  }
}
