import { onAborted, QuorateError, type Members, type NodeId } from '@quorate/contracts'
import { describeBrokenLinks } from './broken-links.js'
import type { Client } from './client-addresses.js'
import type { HandlerSettings } from './options.js'
import { Quota } from './quota.js'

/** What a watch needs of the handler's settings. */
export type WatchSettings = Pick<
  HandlerSettings,
  'replica' | 'environment' | 'leaderTimeoutMs' | 'waitingMax' | 'addressShare'
>

/** Most addresses of members that an answer tells. */
const announcedMax = 16

/** Who leads, as far as the replica has said: without asking it each time. */
export class LeaderWatch {
  readonly #settings: WatchSettings
  readonly #waiting = new Set<() => void>()
  readonly #quota: Quota
  readonly #began: Promise<void>
  readonly #listening: readonly (() => void)[]
  #leader: NodeId | null = null
  #members: Members = []
  #isStopped = false

  constructor(settings: WatchSettings) {
    const { replica } = settings
    let hasHeard = false
    this.#settings = settings
    this.#quota = new Quota({ max: settings.waitingMax, addressShare: settings.addressShare })
    this.#listening = [
      replica.on('leadership', ({ leader }) => {
        hasHeard = true
        this.#leader = leader
        this.#wake()
      }),
      replica.on('members', ({ members }) => {
        this.#members = members
      }),
      replica.on('stopped', () => {
        this.#isStopped = true
        this.#wake()
      }),
    ]
    this.#began = replica.status().then(({ leadership, members, state }) => {
      if (!hasHeard) this.#leader = leadership.leader
      if (this.#members.length === 0) this.#members = members
      if (state === 'stopped') this.#isStopped = true
    })
    this.#began.catch(() => {})
  }

  /** Requests that wait for somebody to lead. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** The members of the cluster, as far as they are known. */
  get members(): Members {
    return this.#members
  }

  /** Lets go of the replica, which may live on. */
  close(): void {
    for (const end of this.#listening) end()
  }

  /**
   * Resolves when somebody leads or the replica has stopped, to what is left of the time, in milliseconds. Refuses with
   * `NO_LEADER` after `leaderTimeoutMs`: a member that is cut off should say so soon, while its client has time to ask
   * another one. Refuses with `OVERLOADED` while `waitingMax` others wait, or the share of
   * them that one address may have.
   */
  async whenLed(timeoutMs: number, client: Client, signal: AbortSignal): Promise<number> {
    const { environment, leaderTimeoutMs } = this.#settings
    const beganMs = environment.monotonicMs()
    await this.#began
    if (!this.#isOpen && !signal.aborted) await this.#wait(Math.min(leaderTimeoutMs, timeoutMs), client, signal)
    return Math.max(1, Math.ceil(timeoutMs - (environment.monotonicMs() - beganMs)))
  }

  /**
   * Headers that say where clients reach the leader, if that is another member and it said so: one hop less next time. And
   * where they reach the others, since clients go only where a member that they were given has told them to.
   */
  get hint(): Readonly<Record<string, string>> {
    if (this.#leader === null || this.#leader === this.#settings.replica.id) return {}
    const address = this.#members.find(({ id }) => id === this.#leader)?.clientAddress ?? null
    return address === null ? {} : { 'quorate-leader': address, ...this.announcement }
  }

  /** The header that says where clients reach the members. */
  get announcement(): Readonly<Record<string, string>> {
    const addresses = this.#members.flatMap(({ clientAddress }) => clientAddress ?? [])
    return addresses.length === 0 ? {} : { 'quorate-members': addresses.slice(0, announcedMax).join(',') }
  }

  #wait(timeoutMs: number, client: Client, signal: AbortSignal): Promise<void> {
    const quota = this.#quota.of(client)
    if (!quota.take(1)) {
      const message = 'as many requests wait for a leader here as may, or of your address: try another member'
      throw new QuorateError('OVERLOADED', message)
    }
    return new Promise<void>((resolve, reject) => {
      const forget = (): void => {
        cancelTimer()
        ignoreSignal()
        this.#waiting.delete(end)
        quota.give(1)
      }
      const end = (): void => {
        forget()
        resolve()
      }
      const cancelTimer = this.#settings.environment.setTimer(timeoutMs, () => {
        forget()
        void this.#noLeader(timeoutMs).then(reject)
      })
      const ignoreSignal = onAborted(signal, end)
      this.#waiting.add(end)
    })
  }

  /** What keeps a member from its cluster, such as `WRONG_MACHINE`, is told to whoever is refused for it. */
  async #noLeader(timeoutMs: number): Promise<QuorateError> {
    const links = await this.#settings.replica.status().then(
      ({ peers }) => describeBrokenLinks(peers),
      () => '',
    )
    const message = `this member has known no leader for ${timeoutMs} ms: try another member${links}`
    return new QuorateError('NO_LEADER', message)
  }

  get #isOpen(): boolean {
    return this.#leader !== null || this.#isStopped
  }

  #wake(): void {
    if (this.#isOpen) for (const end of [...this.#waiting]) end()
  }
}
