import type { Exhausted, Share } from './budget.js'
import type { Operation } from './history.js'
import { InternedSets, InternedStates } from './interned.js'
import type { Model } from './model.js'
import { Remaining } from './remaining.js'
import { none, scheduleOf, type Schedule } from './schedule.js'
import { Visited, type Configuration } from './visited.js'

/** One operation that has taken effect, and the state after it; and what took effect before it. */
export interface Link<State, Input, Output> {
  readonly before: Link<State, Input, Output> | null
  readonly operation: Operation<Input, Output>
  readonly state: State
}

/** Where a search came furthest: as many as possible of those that returned first have taken effect. */
export interface Furthest<State, Input, Output> {
  readonly start: State
  readonly last: Link<State, Input, Output> | null
  /** The operation that returned first of all that have not taken effect: the one that cannot be explained. */
  readonly culprit: Operation<Input, Output>
}

export type SearchResult<State, Input, Output> =
  | { readonly kind: 'linearizable'; readonly last: Link<State, Input, Output> | null }
  | { readonly kind: 'notLinearizable'; readonly furthest: Furthest<State, Input, Output> }
  | { readonly kind: 'unknown'; readonly reason: Exhausted }

/** What a search tells of its way, for who wants to cut the history where all ways meet. */
export interface Watcher<State, Input, Output> {
  /** Comes to the configuration in which everything that returned before `rank` has taken effect, and little more. */
  onArrival(rank: number, arrival: Arrival<State, Input, Output>): void
}

/** One way to have everything before a rank done: what else has taken effect, by two ids, and as operations. */
export interface Arrival<State, Input, Output> {
  readonly ahead: number
  readonly used: number
  readonly start: State
  readonly last: Link<State, Input, Output>
}

/** A place of the search: the same operations have taken effect, but for those of unknown outcome. */
interface Frame<State, Input, Output> {
  /** What took effect to come here; `none` at the start. */
  readonly entered: number
  readonly rank: number
  readonly ahead: number
  /** The ways to stand here, by how many operations of unknown outcome they used. Grows while it is gone through. */
  readonly ways: Way<State, Input, Output>[]
  way: number
  /** The place of the next operation to try among those that may come next. */
  next: number
  /** True once the way goes on by a read that is legal, and by nothing else. */
  isForced: boolean
}

interface Way<State, Input, Output> {
  readonly start: State
  readonly state: number
  readonly used: number
  readonly last: Link<State, Input, Output> | null
}

/**
 * Looks for an order of the operations that their calls and returns allow and the model too.
 *
 * It is the search of Wing and Gong with Lowe's improvements: operations take effect one by one, each no later than the
 * first return that is still owed; no configuration is visited twice. Four things beyond it:
 *
 * - An operation of unknown outcome takes effect only when no other goes on, never when it changes nothing, and never when
 *   an earlier one that asked for the same is left; and of two ways that differ in nothing else, the one that used fewer
 *   of them stands for both. They owe no return, so what is left of them at the end is nobody's loss.
 * - A read that is legal takes effect at once. Nothing is lost: it changes no state, so any order that has it later is as
 *   good with it here.
 * - Those that return first are tried first; and of two that ask for the same and got the same the one that returns first
 *   goes first: in an order that has them the other way round they can change places.
 * - The return that is owed, and not the number of operations, names how far a way has come, so that a configuration is as
 *   small as the number of operations that were open at once, however long the history.
 */
export class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>
  readonly #schedule: Schedule<Input, Output>
  readonly #share: Share
  readonly #watcher: Watcher<State, Input, Output> | null
  readonly #remaining: Remaining
  readonly #sets = new InternedSets()
  readonly #states: InternedStates<State>
  readonly #visited: Visited
  readonly #isRead: Uint8Array
  #furthest: { start: State; last: Link<State, Input, Output> | null; rank: number; depth: number } | null = null
  /** Of the frame on top, and made anew when the search comes back to one: a deep search keeps no list for each place. */
  #choices: { readonly of: Frame<State, Input, Output> | null; readonly ranks: readonly number[] } = {
    of: null,
    ranks: [],
  }
  #depth = 0

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
    share: Share,
    watcher: Watcher<State, Input, Output> | null = null,
  ) {
    const isRead = ({ input, outcome }: Operation<Input, Output>): boolean => model.isReadOnly(input, outcome)
    this.#model = model
    this.#schedule = scheduleOf(operations, isRead)
    this.#share = share
    this.#watcher = watcher
    this.#remaining = new Remaining(this.#schedule)
    this.#states = new InternedStates(model.key)
    this.#visited = new Visited(this.#sets)
    this.#isRead = Uint8Array.from(this.#schedule.returned, (operation) => (isRead(operation) ? 1 : 0))
  }

  get configurations(): number {
    return this.#visited.size
  }

  /** Searches from these states: the history is linearizable if it is from one of them. */
  run(starts: readonly State[]): SearchResult<State, Input, Output> {
    const ways = starts.map((start) => ({ start, state: this.#states.idOf(start), used: 0, last: null }))
    const frames = [this.#frame(none, 0, 0, ways)]
    if (this.#schedule.returned.length === 0) return { kind: 'linearizable', last: null }
    for (const { start, state, used, last } of ways) {
      this.#visited.add({ rank: 0, ahead: 0, state, used })
      this.#furthest ??= { start, last, rank: 0, depth: 0 }
    }
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const reason = this.#share.exhausted(this.#visited.size)
      if (reason !== null) return { kind: 'unknown', reason }
      const way = frame.ways[frame.way]
      if (way === undefined) {
        frames.pop()
        this.#goBack(frame)
        continue
      }
      const child = this.#goOn(frame, way)
      if (child === null) continue
      if (child.rank === this.#schedule.returned.length)
        return { kind: 'linearizable', last: child.ways[0]?.last ?? null }
      frames.push(child)
    }
    return { kind: 'notLinearizable', furthest: this.#deadEnd() }
  }

  #frame(entered: number, rank: number, ahead: number, ways: Way<State, Input, Output>[]): Frame<State, Input, Output> {
    return { entered, rank, ahead, ways, way: 0, next: 0, isForced: false }
  }

  #goBack({ entered }: Frame<State, Input, Output>): void {
    if (entered === none) return
    this.#remaining.putBack(entered)
    this.#depth -= 1
  }

  /** Tries the next operation. Null if it may not come next, or leads where the search has been. */
  #goOn(frame: Frame<State, Input, Output>, way: Way<State, Input, Output>): Frame<State, Input, Output> | null {
    const choices = this.#choicesOf(frame)
    if (frame.next === 0 && !frame.isForced) {
      const read = choices.find((rank) => this.#isLegalRead(rank, way))
      if (read !== undefined) {
        frame.isForced = true
        return this.#enter(frame, way, read)
      }
    }
    const rank = choices[frame.next]
    if (frame.isForced || rank === undefined) {
      if (!frame.isForced) this.#useUnknown(frame, way)
      frame.isForced = false
      frame.way += 1
      frame.next = 0
      return null
    }
    frame.next += 1
    return this.#isRead[rank] === 1 ? null : this.#enter(frame, way, rank)
  }

  /**
   * What may come next: the operations that were called before the return that is owed, those that return first first, and
   * of several that do the same only the one that returns first.
   */
  #choicesOf(frame: Frame<State, Input, Output>): readonly number[] {
    if (this.#choices.of === frame) return this.#choices.ranks
    const { invokedAt, returnedAt, kinds } = this.#schedule
    const owed = returnedAt[frame.rank] ?? 0
    const ranks: number[] = []
    for (let rank = this.#remaining.first; rank !== none; rank = this.#remaining.after(rank)) {
      if ((invokedAt[rank] ?? 0) > owed) break
      ranks.push(rank)
    }
    ranks.sort((one, other) => one - other)
    const seen = new Set<number>()
    const first = ranks.filter((rank) => {
      const kind = kinds[rank] ?? 0
      return !seen.has(kind) && seen.add(kind)
    })
    this.#choices = { of: frame, ranks: first }
    return first
  }

  #isLegalRead(rank: number, way: Way<State, Input, Output>): boolean {
    return this.#isRead[rank] === 1 && this.#stateAfter(this.#operation(rank), way.state) !== none
  }

  #operation(rank: number): Operation<Input, Output> {
    const operation = this.#schedule.returned[rank]
    if (operation === undefined) throw new RangeError(`there is no operation of rank ${rank}`)
    return operation
  }

  /** The id of the state after an operation, or `none` if it may not come next. */
  #stateAfter({ input, outcome }: Operation<Input, Output>, state: number): number {
    this.#share.spend(1)
    const step = this.#model.step(this.#states.stateOf(state), input, outcome)
    return step.isLegal ? this.#states.idOf(step.state) : none
  }

  /** Lets an operation take effect. */
  #enter(
    frame: Frame<State, Input, Output>,
    way: Way<State, Input, Output>,
    entered: number,
  ): Frame<State, Input, Output> | null {
    const operation = this.#operation(entered)
    const state = this.#stateAfter(operation, way.state)
    if (state === none) return null
    const last = { before: way.last, operation, state: this.#states.stateOf(state) }
    this.#remaining.take(entered)
    let rank = frame.rank
    let ahead = this.#sets.with(frame.ahead, this.#schedule.slots[entered] ?? 0)
    while (rank < this.#schedule.returned.length && !this.#remaining.has(rank)) {
      ahead = this.#sets.without(ahead, this.#schedule.slots[rank] ?? 0)
      rank += 1
      this.#watcher?.onArrival(rank, { ahead, used: way.used, start: way.start, last })
    }
    this.#depth += 1
    this.#noteFurthest(rank, way.start, last)
    if (this.#add({ rank, ahead, state, used: way.used })) {
      return this.#frame(entered, rank, ahead, [{ start: way.start, state, used: way.used, last }])
    }
    this.#remaining.putBack(entered)
    this.#depth -= 1
    return null
  }

  /** Ways on from here by one more operation of unknown outcome each. */
  #useUnknown(frame: Frame<State, Input, Output>, way: Way<State, Input, Output>): void {
    const owed = this.#schedule.returnedAt[frame.rank] ?? 0
    for (const places of this.#schedule.alike) {
      const place = places[this.#countUsed(places, way.used)]
      const operation = place === undefined ? undefined : this.#schedule.unknown[place]
      if (place === undefined || operation === undefined || operation.invokedAt > owed) continue
      const state = this.#stateAfter(operation, way.state)
      if (state === none || state === way.state) continue
      const used = this.#sets.with(way.used, place)
      if (!this.#add({ rank: frame.rank, ahead: frame.ahead, state, used })) continue
      const last = { before: way.last, operation, state: this.#states.stateOf(state) }
      frame.ways.push({ start: way.start, state, used, last })
    }
  }

  /** How many of those that ask for the same have taken effect. They do so in their order, so that halving finds it. */
  #countUsed(places: readonly number[], used: number): number {
    let [low, high] = [0, places.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#sets.has(used, places[middle] ?? 0)) low = middle + 1
      else high = middle
    }
    return low
  }

  #add(configuration: Configuration): boolean {
    const before = this.#visited.comparisons
    const isNew = this.#visited.add(configuration)
    this.#share.spend(this.#visited.comparisons - before)
    return isNew
  }

  #noteFurthest(rank: number, start: State, last: Link<State, Input, Output>): void {
    const furthest = this.#furthest
    if (furthest !== null && (rank < furthest.rank || (rank === furthest.rank && this.#depth <= furthest.depth))) return
    this.#furthest = { start, last, rank, depth: this.#depth }
  }

  #deadEnd(): Furthest<State, Input, Output> {
    if (this.#furthest === null) throw new RangeError('a search needs a state to start from')
    const { start, last, rank } = this.#furthest
    return { start, last, culprit: this.#operation(rank) }
  }
}

/** The links of a way, first first. */
export function linksOf<State, Input, Output>(last: Link<State, Input, Output> | null): Link<State, Input, Output>[] {
  const links: Link<State, Input, Output>[] = []
  for (let link = last; link !== null; link = link.before) links.push(link)
  return links.reverse()
}
