import { InvariantViolation } from '@quorate/contracts'
import type { Counters } from '../counters.js'
import { CallersTold } from '../invariants/callers-told.js'
import type { Commitments } from '../invariants/commitments.js'
import { pointersOf, type ObservedMember } from '../invariants/observed-member.js'
import type { Inspection, ProtocolWatch } from '../subject.js'
import type { Trace } from '../trace.js'
import { Violation } from '../violation.js'
import { ObservedCluster } from './observed-cluster.js'

/** Who lags no further behind while commands are given needs nothing but a moment without them. */
const lateEntries = 50

/** After so many steps everything is looked at, whatever has changed. */
const stepsBetweenSweeps = 1_000

/**
 * Looks at every member after everything it does, and remembers the first thing that must never be. What it finds is kept
 * and not thrown: the code that is looked at must not be able to swallow it.
 */
export class Witness {
  readonly #ids: readonly string[]
  readonly #trace: Trace
  readonly #counters: Counters
  #cluster: ObservedCluster
  /** What callers give and are told. */
  readonly callers = new CallersTold((check) => this.#guard(check))
  #steps = 0
  #violation: Error | null = null

  constructor(ids: readonly string[], trace: Trace, counters: Counters) {
    this.#ids = ids
    this.#trace = trace
    this.#counters = counters
    this.#cluster = new ObservedCluster(ids, counters, 0)
  }

  /** What is known to be committed in the cluster of now. */
  get committed(): Commitments {
    return this.#cluster.committed
  }

  /** The first thing that must never be, and was. */
  get violation(): Error | null {
    return this.#violation
  }

  /** How many steps of protocols it has seen. */
  get steps(): number {
    return this.#steps
  }

  memberOf(id: string): ObservedMember {
    const member = this.#cluster.members.get(id)
    if (!member) throw new TypeError(`${id} is no member`)
    return member
  }

  /** Follows one life of a member's protocol. */
  watchOf(id: string): ProtocolWatch {
    if (this.#cluster.strangers.has(id)) return { onRecovered() {}, onStep() {}, onProposed() {}, onReady() {} }
    const member = this.memberOf(id)
    let inspection: Inspection | null = null
    const proposals = this.#cluster.proposals.begin(id)
    this.#cluster.proposalsOf.set(id, proposals)
    this.#cluster.applied.onBegin(id)
    return {
      onRecovered: (recovered) => {
        inspection = recovered
        member.begin(recovered)
        this.#look(member)
      },
      onStep: (kind) => {
        if (member.now !== inspection) return
        this.#trace.add(kind, id, [member.now?.epoch ?? 0, member.now?.lastIndex ?? 0, member.now?.committedIndex ?? 0])
        this.#look(member)
        if (member.change.isTruncated) proposals.onTruncated(member.change.from)
      },
      onProposed: (token) => {
        if (member.now === inspection) proposals.onProposed(token, member)
      },
      onReady: ({ firstSequence, records, committed, settled }) => {
        if (inspection === null || member.now !== inspection) return
        if (records.length > 0) member.disk.onLeaving(firstSequence + records.length - 1, inspection.lastIndex)
        if (committed.length + settled.length === 0) return
        this.#guard(() => {
          for (const each of committed) proposals.onCommitted(each)
          for (const { token, result } of settled) proposals.onSettled(token, result)
        })
      },
    }
  }

  /** Records of a member up to this sequence are on its disk. */
  onDurable(id: string, sequence: number): void {
    if (this.#cluster.strangers.has(id)) return
    for (const { epoch, votedFor } of this.memberOf(id).disk.onDurable(sequence)) {
      this.#guard(() => this.#cluster.voice.onDurable(id, epoch, votedFor))
    }
  }

  onApplied(id: string, position: number, command: Uint8Array, result: Uint8Array, name: string | null): void {
    if (this.#cluster.strangers.has(id))
      return this.fail(new Violation(`${id} has lost what was on its disk, and applies commands again`))
    this.#guard(() =>
      this.callers.onApplied(position, this.#cluster.applied.onApplied(id, position, command, result, name)),
    )
  }

  /** What is known of the commands up to a position, for a message. */
  describeLast(position: number): string {
    return this.#cluster.applied.describeLast(position)
  }

  /**
   * From now on whoever comes by this name is a stranger: what it says and holds counts for nothing, and what the member had
   * said and held before stays said. So whoever leads or commits with its help is found out.
   */
  onReplaced(id: string): void {
    this.#cluster.strangers.add(id)
  }

  /**
   * Another cluster has begun at the same addresses: what the one before had decided up to `beginsAt` it goes on with, and
   * nothing else that was said there counts here.
   */
  onNewCluster(beginsAt: number): void {
    this.#cluster = new ObservedCluster(this.#ids, this.#counters, beginsAt)
    this.callers.onNewCluster()
  }

  onEnd(id: string): void {
    this.memberOf(id).end()
  }

  /** True if a member runs and has applied nearly everything that is committed, or if nobody looks inside it. */
  isNearlyUpToDate(id: string): boolean {
    const { now, lives } = this.memberOf(id)
    if (lives === 0) return true
    return now !== null && now.appliedIndex + lateEntries >= this.committed.last
  }

  fail(violation: Error): void {
    this.#violation ??= violation
  }

  /** Looks at everything once more, when nothing is under way any more. */
  sweepAtRest(): void {
    this.sweep()
    for (const { id, now } of this.#cluster.members.values()) {
      if (now) this.#guard(() => this.#cluster.proposalsOf.get(id)?.checkAllTold(now.deliveredIndex))
    }
  }

  /** Looks at everything that every member that runs has. */
  sweep(): void {
    this.#guard(() => this.#cluster.proposals.sweep())
    for (const member of this.#cluster.members.values()) {
      if (!member.now) continue
      const look = { member, now: pointersOf(member.now), before: member.before }
      this.#guard(() => {
        member.now?.check()
        for (const invariant of this.#cluster.invariants) invariant.sweep?.(look)
      })
    }
  }

  #look(member: ObservedMember): void {
    const now = member.advance()
    if (now === null) return
    this.#steps += 1
    const look = { member, now, before: member.before }
    this.#guard(() => {
      for (const invariant of this.#cluster.invariants) invariant.check(look)
    })
    if (this.#steps % stepsBetweenSweeps === 0) this.sweep()
  }

  #guard(check: () => void): void {
    if (this.#violation) return
    try {
      check()
    } catch (error) {
      this.fail(error instanceof Error ? error : new InvariantViolation(String(error)))
    }
  }
}
