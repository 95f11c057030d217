import type { MachineModule } from '@quorate/contracts'
import type { Counters } from '../counters.js'
import type { Member } from '../member/member.js'
import type { Fault } from '../plan/fault.js'
import type { Atlas } from './atlas.js'
import type { Cluster } from './cluster.js'

/** What is durable at the copy, and not yet known to be, is known soon after, in milliseconds. */
const settleMs = 200

/** What was durable so long ago was told to every peer since, in milliseconds: heartbeats say it. */
const toldMs = 500

const lookMs = 50

/** What it takes to put copies back. */
export interface OldCopiesParts<Machine extends MachineModule> {
  readonly cluster: Cluster<Machine>
  readonly atlas: Atlas
  readonly counters: Counters
  /** Runs something later, unless the bad days are over by then. */
  later(ms: number, run: () => void): void
}

/**
 * Takes copies of disks of members that run, and puts them back when they are older than what their members have
 * acknowledged since: only then is there anything to be noticed.
 */
export class OldCopies<Machine extends MachineModule> {
  readonly #parts: OldCopiesParts<Machine>

  constructor(parts: OldCopiesParts<Machine>) {
    this.#parts = parts
  }

  begin(member: Member<Machine>, fault: Extract<Fault, { kind: 'oldCopy' }>): void {
    if (!member.isUp || !this.#mayLose(member)) return
    const image = member.disk.image()
    this.#parts.later(settleMs, () => {
      const { last } = member.records
      this.#parts.later(fault.keptMs, () => this.#whenOlder(member, last, () => this.#putBack(member, image, fault)))
    })
  }

  #whenOlder(member: Member<Machine>, last: number, run: () => void): void {
    const look = (): void => {
      if (member.records.last > last) this.#parts.later(toldMs, run)
      else this.#parts.later(lookMs, look)
    }
    look()
  }

  #putBack(
    member: Member<Machine>,
    image: ReturnType<Member<Machine>['disk']['image']>,
    { ids, stopsOthers, forMs }: Extract<Fault, { kind: 'oldCopy' }>,
  ): void {
    const { atlas, cluster, counters } = this.#parts
    if (!member.isUp || !this.#mayLose(member)) return
    counters.add(`an older copy is put back, with ${ids} ids`)
    atlas.damage(member.id, 'an older copy of its disk was put back')
    cluster.putBack(member, image, ids)
    for (const other of stopsOthers ? cluster.members : []) {
      cluster.end(other, 'powerCut')
      this.#parts.later(forMs, () => cluster.start(other))
    }
    if (!stopsOthers) this.#parts.later(forMs, () => cluster.start(member))
  }

  #mayLose(member: Member<Machine>): boolean {
    const { atlas, cluster } = this.#parts
    const isMember = member.lostBecause === null && !member.isStranger
    return isMember && atlas.mayDamage(member.id) && cluster.isKnown(member)
  }
}
