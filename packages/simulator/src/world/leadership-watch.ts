import type { Environment, MachineModule } from '@quorate/contracts'
import { pointersOf, type Pointers } from '../invariants/observed-member.js'
import type { Cluster } from './cluster.js'
import type { Witness } from './witness.js'

const lookMs = 5

/**
 * Looks at who leads, again and again, and adds up how long nobody did who could. A leader does not count that takes no
 * proposals because it hands over, or that has something to commit and has committed nothing for an election timeout: its
 * majority is away, or lags and needs a snapshot.
 */
export class LeadershipWatch<Machine extends MachineModule> {
  readonly #cluster: Cluster<Machine>
  readonly #witness: Witness
  readonly #environment: Environment
  readonly #patienceMs: number
  #withoutLeaderMs = 0
  /** Since when the leader of now has something to commit, and has committed nothing. */
  #stuck: { readonly sinceMs: number; readonly committed: number; isCounted: boolean } | null = null
  #changes = 0
  #last: string | null = null

  /** `patienceMs`: the shortest election timeout. */
  constructor(cluster: Cluster<Machine>, witness: Witness, environment: Environment, patienceMs: number) {
    this.#cluster = cluster
    this.#witness = witness
    this.#environment = environment
    this.#patienceMs = patienceMs
  }

  /** So long nobody led so far, in milliseconds of the world; at most one look more than it was. */
  get withoutLeaderMs(): number {
    return this.#withoutLeaderMs
  }

  /** How often somebody has begun to lead, or has gone on after a while without a leader. */
  get changes(): number {
    return this.#changes
  }

  start(): void {
    this.#environment.setTimer(lookMs, () => {
      this.#look()
      this.start()
    })
  }

  #look(): void {
    const leader = this.#leader()
    if (leader === null) {
      this.#last = null
      this.#stuck = null
      this.#withoutLeaderMs += lookMs
      return
    }
    const name = `${leader.id} ${leader.pointers.epoch}`
    if (name !== this.#last) {
      this.#changes += 1
      this.#last = name
      this.#stuck = null
    }
    this.#withoutLeaderMs += this.#stuckMs(leader.pointers)
  }

  /** So much of the time up to now is to be added, because the leader of now commits nothing. */
  #stuckMs({ lastIndex, committedIndex }: Pointers): number {
    const nowMs = this.#environment.monotonicMs()
    if (lastIndex === committedIndex) this.#stuck = null
    else if (this.#stuck?.committed !== committedIndex) {
      this.#stuck = { sinceMs: nowMs, committed: committedIndex, isCounted: false }
    }
    if (this.#stuck === null || nowMs - this.#stuck.sinceMs < this.#patienceMs) return 0
    if (this.#stuck.isCounted) return lookMs
    this.#stuck.isCounted = true
    return nowMs - this.#stuck.sinceMs
  }

  /** Who leads the highest epoch, takes proposals, and reaches a majority in both directions. */
  #leader(): { readonly id: string; readonly pointers: Pointers } | null {
    const { members } = this.#cluster
    const up = members.filter((member) => member.isUp)
    let leader: { readonly id: string; readonly pointers: Pointers } | null = null
    for (const { id } of up) {
      const { now } = this.#witness.memberOf(id)
      if (now?.isLeader && now.epoch > (leader?.pointers.epoch ?? 0)) leader = { id, pointers: pointersOf(now) }
    }
    if (leader === null || this.#witness.memberOf(leader.id).now?.takesProposals !== true) return null
    const { id: leading } = leader
    const reached = up.filter(({ id }) => id === leading || this.#cluster.areConnected(id, leading))
    return reached.length * 2 > members.length ? leader : null
  }
}
