import { onAborted, QuorateError, type NodeId, type Position } from '@quorate/contracts'
import type { Events } from '../events.js'
import type { LeaderView } from '../leader-view.js'
import type { CheckedOptions } from '../options.js'
import type { Applied, Outcome, ReplicatedState } from '../replicated-state.js'
import type { RequestOptions } from '../requests.js'
import {
  describeVersion,
  describeVersions,
  firstVersion,
  machineVersionName,
  sortedVersions,
  versionIn,
  type Versions,
} from './version-list.js'

/** How long an activation may be under way before it is proposed again, in milliseconds. */
const patienceMs = 2_000
/** How long a command waits for members that have announced nothing yet, in milliseconds. */
const announceMs = 3_000

/** What members have said of the versions that they know. */
export interface Announcements {
  /** What a member has announced to this run, and this one itself; null if nothing. */
  supportOf(member: NodeId): Versions | null
  /** True if the link to it is up, and of this member itself. */
  isReached(member: NodeId): boolean
}

/** What {@link Activation} needs of the driver. */
export interface ActivationHost {
  readonly options: Pick<CheckedOptions, 'environment' | 'logger' | 'requestsMax'>
  readonly state: ReplicatedState
  readonly events: Events
  readonly leader: LeaderView
  readonly peers: Announcements
  /** Brings an `activate` command into the log. It may get lost. */
  propose(versions: Versions): void
}

/**
 * Which versions become active, and when (decision D26). The leader proposes to activate what **every** member of the
 * configuration announces, over a link that is up now: a member that is away may come back on older code. Commands of a
 * version that is not active yet are refused here, before they are proposed.
 */
export class Activation {
  readonly #host: ActivationHost
  readonly #waiting = new Set<() => void>()
  #proposedAtMs = -Infinity
  #cancelRetry: (() => void) | null = null
  #isStopped = false

  constructor(host: ActivationHost) {
    this.#host = host
  }

  /** Who leads, who is a member, who is heard, or what is active: something changed. */
  look(): void {
    for (const wake of [...this.#waiting]) wake()
    if (this.#isStopped || this.#cancelRetry !== null || !this.#host.leader.isSelf) return
    const due = this.#due()
    if (due.size === 0) return
    const { environment } = this.#host.options
    const leftMs = this.#proposedAtMs + patienceMs - environment.monotonicMs()
    if (leftMs <= 0) {
      this.#proposedAtMs = environment.monotonicMs()
      this.#host.propose(due)
    }
    this.#cancelRetry = environment.setTimer(Math.max(1, leftMs <= 0 ? patienceMs : leftMs), () => {
      this.#cancelRetry = null
      this.look()
    })
  }

  /** A new leader proposes at once what an earlier one may have proposed in vain. */
  onLeadership(): void {
    this.#proposedAtMs = -Infinity
    this.#cancelRetry?.()
    this.#cancelRetry = null
    this.look()
  }

  /** Something was applied: what is of no caller is dealt with here, and the rest is returned. */
  onApplied(applied: Applied | null, at: Position): Outcome | null {
    switch (applied?.kind) {
      case 'activated': {
        const active = describeVersions(applied.active)
        this.#host.options.logger.info({ position: at, active }, 'later versions are active from here on')
        this.look()
        return null
      }
      case 'skipped':
        this.#host.events.warn('ENTRY_SKIPPED', `position ${at} was passed over by every member: ${applied.reason}`)
        return null
      default:
        return applied
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#cancelRetry?.()
    for (const wake of [...this.#waiting]) wake()
  }

  /**
   * Resolves once commands that exist `since` this version may be proposed. While a member is known to be without it, that
   * is refused at once: `VERSION_NOT_ACTIVE`, not done. Where nobody is, the activation is on its way, and is waited for:
   * in a new cluster, every member has to be heard first.
   */
  async whenActive(since: number, options: RequestOptions, endMs: number): Promise<void> {
    if (since <= this.#active()) return
    const { environment, requestsMax } = this.#host.options
    if (this.#waiting.size >= requestsMax) {
      throw new QuorateError('OVERLOADED', `${requestsMax} commands wait for an activation and that is the limit`)
    }
    const heardMs = Math.min(endMs, environment.monotonicMs() + announceMs)
    while (since > this.#active()) {
      if (this.#isStopped) throw new QuorateError('STOPPED', 'this replica has stopped', { outcome: 'notDone' })
      if (options.signal?.aborted === true) {
        const cause: unknown = options.signal.reason
        throw new QuorateError('ABORTED', 'the command was given up by its caller', { outcome: 'notDone', cause })
      }
      const { without, unheard } = this.#missing(since)
      const untilMs = unheard.length > 0 ? heardMs : endMs
      const nowMs = environment.monotonicMs()
      if (without.length > 0 || nowMs >= untilMs) throw this.#notActive(since, without, unheard)
      await this.#change(untilMs - nowMs, options)
    }
  }

  #active(): number {
    return this.#host.state.machine.activeVersion
  }

  /** What every member can be part of and is not active yet. */
  #due(): Versions {
    const { state, peers, leader } = this.#host
    const announced = leader.members.map(({ id }) => (peers.isReached(id) ? peers.supportOf(id) : null))
    const due: [string, number][] = []
    for (const [name, own] of state.supported) {
      let common = own
      for (const each of announced) common = Math.min(common, each?.get(name) ?? firstVersion)
      if (common > versionIn(state.active, name)) due.push([name, common])
    }
    return sortedVersions(due)
  }

  /** The members that keep a version of the machine from being activated: those without it, and those that were not heard. */
  #missing(version: number): { readonly without: readonly string[]; readonly unheard: readonly string[] } {
    const [without, unheard]: [string[], string[]] = [[], []]
    for (const { id } of this.#host.leader.members) {
      const announced = this.#host.peers.supportOf(id)
      if (announced !== null && versionIn(announced, machineVersionName) < version) {
        without.push(`${id} (version ${versionIn(announced, machineVersionName)})`)
      } else if (announced === null || !this.#host.peers.isReached(id)) unheard.push(id)
    }
    return { without, unheard }
  }

  #notActive(since: number, without: readonly string[], unheard: readonly string[]): QuorateError {
    const reasons = [
      ...(without.length > 0 ? [`upgrade ${without.join(', ')}`] : []),
      ...(unheard.length > 0 ? [`nothing is known of ${unheard.join(', ')}`] : []),
      ...(without.length + unheard.length === 0 ? ['its activation is on its way: try again shortly'] : []),
    ]
    const message =
      `the command exists since ${describeVersion(machineVersionName, since)}, and version ${this.#active()} is active ` +
      `until every member has the later one: ${reasons.join('; ')}`
    return new QuorateError('VERSION_NOT_ACTIVE', message)
  }

  /** Resolves at the next change, at the end of this time, or when its caller gives up. */
  #change(ms: number, { signal }: RequestOptions): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake)
        cancelTimer()
        ignoreSignal()
        resolve()
      }
      const cancelTimer = this.#host.options.environment.setTimer(Math.max(1, Math.ceil(ms)), wake)
      const ignoreSignal = onAborted(signal, wake)
      this.#waiting.add(wake)
    })
  }
}
