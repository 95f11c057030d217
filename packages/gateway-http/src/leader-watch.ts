import { QuorateError, type Members, type NodeId } from '@quorate/contracts'
import type { ServedReplica } from './options.js'

/** Who leads, as far as the replica has said: without asking it each time. */
export class LeaderWatch {
  readonly #self: NodeId
  readonly #waiting = new Set<() => void>()
  readonly #began: Promise<void>
  #leader: NodeId | null = null
  #members: Members = []
  #isStopped = false

  constructor(replica: ServedReplica) {
    let hasHeard = false
    this.#self = replica.id
    replica.on('leadership', ({ leader }) => {
      hasHeard = true
      this.#leader = leader
      this.#wake()
    })
    replica.on('members', ({ members }) => {
      this.#members = members
    })
    replica.on('stopped', () => {
      this.#isStopped = true
      this.#wake()
    })
    this.#began = replica.status().then(({ leadership, members, state }) => {
      if (!hasHeard) this.#leader = leadership.leader
      if (this.#members.length === 0) this.#members = members
      if (state === 'stopped') this.#isStopped = true
    })
    this.#began.catch(() => {})
  }

  /**
   * Resolves when somebody leads or the replica has stopped, or refuses with `NO_LEADER`: a member that is cut off
   * should say so soon, while its client has time to ask another one.
   */
  async whenLed(timeoutMs: number, signal: AbortSignal): Promise<void> {
    await this.#began
    if (this.#isOpen || signal.aborted) return
    await new Promise<void>((resolve, reject) => {
      const forget = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        this.#waiting.delete(end)
      }
      const end = (): void => {
        forget()
        resolve()
      }
      const timer = setTimeout(() => {
        forget()
        reject(new QuorateError('NO_LEADER', `this member has known no leader for ${timeoutMs} ms: try another member`))
      }, timeoutMs)
      signal.addEventListener('abort', end)
      this.#waiting.add(end)
    })
  }

  /** Where clients reach the leader, if that is another member and it said so: one hop less next time. */
  get elsewhere(): string | null {
    if (this.#leader === null || this.#leader === this.#self) return null
    return this.#members.find(({ id }) => id === this.#leader)?.clientAddress ?? null
  }

  get #isOpen(): boolean {
    return this.#leader !== null || this.#isStopped
  }

  #wake(): void {
    if (this.#isOpen) for (const end of [...this.#waiting]) end()
  }
}
