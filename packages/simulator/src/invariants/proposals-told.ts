import type { Committed, Settled, Token } from '@quorate/contracts'
import type { Counters } from '../counters.js'
import { expectAlways } from '../violation.js'
import type { Commitments } from './commitments.js'
import type { Invariant } from './invariant.js'
import type { ObservedMember } from './observed-member.js'

/** Where a proposal stands in its proposer's log; null if it was not appended. */
type Place = { readonly index: number; readonly epoch: number } | null

interface Pending {
  readonly place: Place
  /** It is not in its proposer's log any more; another member may still hold it. */
  isCutOff: boolean
}

/**
 * What a protocol says of the proposals of its own member is true, and said once: one that was refused was not appended,
 * one that was committed stands at its place, and one that was overwritten can never be committed, by anybody, whatever
 * happens.
 *
 * That is certain as soon as another entry is committed at its place, or an entry of a later epoch before it: whoever leads
 * from then on holds that entry, and epochs of a log never decrease. Nothing else is certain: also in the epoch of the
 * proposal itself another member may hold it, and win.
 */
export class ProposalsTold implements Pick<Invariant, 'sweep'> {
  readonly #committed: Commitments
  readonly #counters: Counters
  /** What was told to be overwritten, by place: it has to stay so. */
  #overwritten: { readonly index: number; readonly epoch: number; readonly by: string }[] = []

  constructor(committed: Commitments, counters: Counters) {
    this.#committed = committed
    this.#counters = counters
  }

  /** Follows one life of a member. */
  begin(id: string): ProposalsOfLife {
    return new ProposalsOfLife(id, this.#committed, this.#counters, (index, epoch) => {
      this.#overwritten.push({ index, epoch, by: id })
    })
  }

  /** What was told comes first, and what is committed later. */
  sweep(): void {
    for (const { index, epoch, by } of this.#overwritten) {
      expectAlways(this.#committed.epochAt(index) !== epoch, () => {
        return `${by} told that ${index}@${epoch} was overwritten, and it is committed`
      })
    }
    // What is committed somewhere stays there.
    this.#overwritten = this.#overwritten.filter(({ index }) => this.#committed.epochAt(index) === null)
  }
}

/** The proposals of one life of a member, by their tokens. */
export class ProposalsOfLife {
  readonly #id: string
  readonly #committed: Commitments
  readonly #counters: Counters
  readonly #onOverwritten: (index: number, epoch: number) => void
  readonly #pending = new Map<Token, Pending>()
  readonly #ended = new Set<Token>()

  constructor(
    id: string,
    committed: Commitments,
    counters: Counters,
    onOverwritten: (index: number, epoch: number) => void,
  ) {
    this.#id = id
    this.#committed = committed
    this.#counters = counters
    this.#onOverwritten = onOverwritten
  }

  /** A proposal was handed to this member, which has been looked at since. */
  onProposed(token: Token, { before, latest }: ObservedMember): void {
    const isAppended = before !== null && latest !== null && latest.lastIndex > before.lastIndex
    const place = isAppended ? { index: latest.lastIndex, epoch: latest.epoch } : null
    this.#pending.set(token, { place, isCutOff: false })
  }

  /** Its log was cut before this place. */
  onTruncated(from: number): void {
    for (const pending of this.#pending.values()) {
      if (pending.place !== null && pending.place.index >= from) pending.isCutOff = true
    }
  }

  onCommitted({ position, token }: Committed): void {
    if (token === null) return
    const { place, isCutOff } = this.#end(token, `committed at ${position}`)
    expectAlways(place?.index === position && place.epoch === this.#committed.epochAt(position), () => {
      const epoch = this.#committed.epochAt(position) ?? 0
      const where = place === null ? 'was not appended' : `stands at ${place.index}@${place.epoch}`
      return `${this.#id} tells that proposal ${token} is committed at ${position}@${epoch}, and it ${where}`
    })
    if (isCutOff) this.#counters.add('a proposal that was cut off is committed')
  }

  onSettled(token: Token, result: Settled): void {
    // Reads and transfers have tokens too.
    if (!this.#pending.has(token) && !this.#ended.has(token)) return
    const { place, isCutOff } = this.#end(token, result.kind)
    this.#counters.add(`a proposal ends: ${result.kind}${result.kind === 'refused' ? ` ${result.reason}` : ''}`)
    if (result.kind === 'unknown') return
    if (isCutOff) this.#counters.add('a proposal that was cut off is overwritten')
    if (place === null) return
    expectAlways(result.kind === 'overwritten', () => {
      return `${this.#id} tells of a proposal that it has appended at ${place.index}@${place.epoch}: ${result.kind}`
    })
    this.#checkOverwritten(place.index, place.epoch)
  }

  /** Called when nothing is under way any more: what stands where the machine has gone past was told how it ended. */
  checkAllTold(deliveredIndex: number): void {
    for (const [token, { place }] of this.#pending) {
      expectAlways(place !== null && place.index > deliveredIndex, () => {
        return `${this.#id} has never told how proposal ${token} ended, and its machine is at ${deliveredIndex}`
      })
    }
  }

  #checkOverwritten(index: number, epoch: number): void {
    const there = this.#committed.epochAt(index)
    const last = this.#committed.epochAt(Math.min(index, this.#committed.last)) ?? 0
    expectAlways(there !== epoch && (there !== null || last > epoch), () => {
      const known =
        there === null ? `nobody has committed anything later than epoch ${last} before it` : 'it is committed'
      return `${this.#id} tells that ${index}@${epoch} was overwritten, and ${known}`
    })
    if (there === null) this.#onOverwritten(index, epoch)
  }

  #end(token: Token, how: string): Pending {
    const pending = this.#pending.get(token)
    expectAlways(pending !== undefined, () => `${this.#id} tells of proposal ${token} again: ${how}`)
    this.#pending.delete(token)
    this.#ended.add(token)
    return pending
  }
}
