import { Budget, type Limits } from './budget.js'
import type { History, Operation } from './history.js'
import type { Model } from './model.js'
import { linksOf, Search, type Arrival, type Furthest, type Link, type Watcher } from './search.js'

/** A history that no order explains, from any of its states. */
export interface Wrong<State, Input, Output> {
  /** The states that it may begin in, each with an order of what was before it that leads there. */
  readonly starts: ReadonlyMap<State, readonly Link<State, Input, Output>[]>
  readonly operations: History<Input, Output>
  readonly furthest: Furthest<State, Input, Output>
}

/** What is left, and what those operations really were whose outcome was forgotten because they returned after the end. */
export interface Smallest<State, Input, Output> extends Wrong<State, Input, Output> {
  readonly recorded: ReadonlyMap<Operation<Input, Output>, Operation<Input, Output>>
}

/** Leaves out of a wrong history what cannot be the reason, until nothing more can be left out. */
export function minimise<State, Input, Output>(
  wrong: Wrong<State, Input, Output>,
  model: Model<State, Input, Output>,
  limits: Limits,
): Smallest<State, Input, Output> {
  const recorded = new Map<Operation<Input, Output>, Operation<Input, Output>>()
  const budget = new Budget(limits)
  const attempt: Attempt<State, Input, Output> = (starts, operations, watcher = null) => {
    const share = budget.share(1)
    const found = new Search(model, operations, share, watcher).run([...starts.keys()])
    budget.take(share)
    return found.kind === 'notLinearizable' ? { starts, operations, furthest: found.furthest } : null
  }
  const isRead = ({ input, outcome }: Operation<Input, Output>): boolean => model.isReadOnly(input, outcome)
  let smallest = wrong
  let size: number
  do {
    size = smallest.operations.length
    smallest = withoutBeginning(withoutEnd(smallest, recorded, attempt), attempt)
    smallest = withoutReads(smallest, isRead, attempt)
  } while (smallest.operations.length < size)
  return { ...inOrderOfCalls(smallest), recorded }
}

/** Searches once more; null unless what is left is still wrong. */
type Attempt<State, Input, Output> = (
  starts: Wrong<State, Input, Output>['starts'],
  operations: History<Input, Output>,
  watcher?: Watcher<State, Input, Output> | null,
) => Wrong<State, Input, Output> | null

/**
 * Cuts at the first return that makes it wrong: what is called later is left out, what returns later is unknown. A history
 * stays wrong when it grows, so that return is found by halving; most often it is the culprit's.
 */
function withoutEnd<State, Input, Output>(
  wrong: Wrong<State, Input, Output>,
  recorded: Map<Operation<Input, Output>, Operation<Input, Output>>,
  attempt: Attempt<State, Input, Output>,
): Wrong<State, Input, Output> {
  const { starts, operations, furthest } = wrong
  const owed = furthest.culprit.returnedAt ?? Infinity
  const returns = operations
    .flatMap(({ returnedAt }) => (returnedAt === null || returnedAt < owed ? [] : [returnedAt]))
    .sort((one, other) => one - other)
  let smallest = wrong
  let [low, high] = [0, returns.length - 1]
  let middle = 0
  while (low < high) {
    const cut = attempt(starts, upTo(operations, returns[middle] ?? owed, recorded))
    if (cut === null) {
      low = middle + 1
    } else {
      smallest = cut
      high = middle
    }
    middle = Math.floor((low + high) / 2)
  }
  return smallest === wrong ? (attempt(starts, upTo(operations, returns[low] ?? owed, recorded)) ?? wrong) : smallest
}

function upTo<Input, Output>(
  operations: History<Input, Output>,
  end: number,
  recorded: Map<Operation<Input, Output>, Operation<Input, Output>>,
): History<Input, Output> {
  return operations
    .filter(({ invokedAt }) => invokedAt <= end)
    .map((operation): Operation<Input, Output> => {
      if (operation.returnedAt === null || operation.returnedAt <= end) return operation
      const forgotten: Operation<Input, Output> = { ...operation, outcome: { kind: 'unknown' }, returnedAt: null }
      recorded.set(forgotten, operation)
      return forgotten
    })
}

/**
 * Cuts at the last return at which all ways to come there have the same operations behind them: whichever it was, the rest
 * goes on from one of their states. The rest is wrong from all of them exactly if the whole is.
 */
function withoutBeginning<State, Input, Output>(
  wrong: Wrong<State, Input, Output>,
  attempt: Attempt<State, Input, Output>,
): Wrong<State, Input, Output> {
  const meetings: (Meeting<State, Input, Output> | null)[] = []
  const watched = attempt(wrong.starts, wrong.operations, {
    onArrival(rank, arrival) {
      const before = meetings[rank]
      if (before === undefined) meetings[rank] = new Map([[arrival.last.state, arrival]])
      else if (before !== null && !maybeMeet(before, arrival)) meetings[rank] = null
    },
  })
  if (watched === null) return wrong
  const ways = [...(meetings.findLast((each) => each != null) ?? [])].map(([state, { start, last }]) => {
    return { state, links: linksOf(last), before: wrong.starts.get(start) ?? [] }
  })
  const behind = new Set(ways[0]?.links.map(({ operation }) => operation))
  if (behind.size === 0) return watched
  const rest = wrong.operations.filter((operation) => !behind.has(operation))
  return attempt(new Map(ways.map(({ state, before, links }) => [state, [...before, ...links]])), rest) ?? watched
}

/** The ways to one return, by the states that they lead to: all with the same operations behind them. */
type Meeting<State, Input, Output> = Map<State, Arrival<State, Input, Output>>

/** Does nothing and says false if the ways have not met. */
function maybeMeet<State, Input, Output>(
  meeting: Meeting<State, Input, Output>,
  arrival: Arrival<State, Input, Output>,
): boolean {
  for (const { ahead, used } of meeting.values()) {
    if (ahead !== arrival.ahead || used !== arrival.used) return false
  }
  if (!meeting.has(arrival.last.state)) meeting.set(arrival.last.state, arrival)
  return true
}

/** Leaves out reads, many at once and then one by one. */
function withoutReads<State, Input, Output>(
  wrong: Wrong<State, Input, Output>,
  isRead: (operation: Operation<Input, Output>) => boolean,
  attempt: Attempt<State, Input, Output>,
): Wrong<State, Input, Output> {
  let smallest = wrong
  for (let size = wrong.operations.length; size >= 1; size = Math.floor(size / 2)) {
    const reads = smallest.operations.filter(isRead)
    for (let from = 0; from < reads.length; from += size) {
      const left = new Set(reads.slice(from, from + size))
      const rest = smallest.operations.filter((operation) => !left.has(operation))
      smallest = attempt(smallest.starts, rest) ?? smallest
    }
  }
  return smallest
}

function inOrderOfCalls<State, Input, Output>(wrong: Wrong<State, Input, Output>): Wrong<State, Input, Output> {
  return { ...wrong, operations: wrong.operations.toSorted((one, other) => one.invokedAt - other.invokedAt) }
}
