import { Budget, type Limits } from './budget.js'
import { checkStamps, type History, type Operation, type ProcessId } from './history.js'
import { partsOf } from './judge.js'
import { minimise, type Smallest } from './minimise.js'
import type { Model } from './model.js'
import { linksOf, Search, type Link } from './search.js'

/** An operation in words. */
export interface Told<Input, Output> {
  /** As it was recorded. */
  readonly operation: Operation<Input, Output>
  /**
   * True of one that returned only after the return that no order explains. What it returned is not held against an order: it
   * counts as one of unknown outcome.
   */
  readonly isForgotten: boolean
  readonly process: ProcessId
  /** `write(3)` */
  readonly call: string
  /** `ok`; `?` if the outcome is unknown. */
  readonly result: string
}

/** An operation that has taken effect, and the state after it. */
export interface Placed<Input, Output> extends Told<Input, Output> {
  readonly stateAfter: string
}

/** An operation that might come next by its call and return, and why that does not help. */
export interface Blocked<Input, Output> extends Told<Input, Output> {
  /** What it would have to return instead, if the model can tell; null if it may come next and leads no further. */
  readonly reason: { readonly kind: 'illegal'; readonly expected: string | null } | { readonly kind: 'leadsNoFurther' }
  /** Whether this is the operation that no order can explain. */
  readonly isCulprit: boolean
}

/** A part of a history that no order explains, small enough to be read. */
export interface Counterexample<Input, Output> {
  /** The name of the part by the model's partition; empty if it has none. */
  readonly part: string
  /** The states in which it may begin: the initial one, or all those that what was before may have led to. */
  readonly starts: readonly string[]
  /** What is left, in the order of calls. */
  readonly operations: readonly Told<Input, Output>[]
  /** How many operations the history has, and how many of them that part of it. */
  readonly operationsOfHistory: number
  readonly operationsOfPart: number
  /** What was cut from the beginning, in an order that leads to {@link start}. */
  readonly before: readonly Placed<Input, Output>[]
  /** An order that explains as many returns as any: where it starts, and what takes effect. */
  readonly start: string
  readonly order: readonly Placed<Input, Output>[]
  /** What might come next after that order. None of it helps. */
  readonly blocked: readonly Blocked<Input, Output>[]
  /** The operation that no order can explain together with those that returned before it. */
  readonly culprit: Told<Input, Output>
}

/**
 * The smallest part of a history that shows that it is not linearizable, or null if it was not found to be so within the
 * limits.
 *
 * Leaving out operations is not always fair: without a write whose value was read, any history is wrong. What is left out
 * here is only what cannot make the rest wrong, so that **the part is not linearizable only if the history is not**:
 *
 * 1. All parts of the model's partition but one.
 * 2. The end: everything after the first return that no order explains. What was open then counts as of unknown outcome.
 * 3. The beginning: everything before a return at which all ways to explain what came before meet, with the states that
 *    they meet in. The part then begins in one of these.
 * 4. Reads, and whatever changes no state.
 *
 * Smallest means that no more can be left out in one of these ways. That it is still wrong is searched again at each of them.
 */
export function findCounterexample<State, Input, Output>(
  history: History<Input, Output>,
  model: Model<State, Input, Output>,
  limits: Limits = {},
): Counterexample<Input, Output> | null {
  checkStamps(history)
  const budget = new Budget(limits)
  const parts = [...partsOf(history, model)].sort(([, one], [, other]) => one.length - other.length)
  for (const [at, [part, operations]] of parts.entries()) {
    const share = budget.share(parts.length - at)
    const found = new Search(model, operations, share).run([model.initial])
    budget.take(share)
    if (found.kind !== 'notLinearizable') continue
    const smallest = minimise(
      { starts: new Map([[model.initial, []]]), operations, furthest: found.furthest },
      model,
      limits,
    )
    return {
      part,
      ...tell(smallest, model),
      operationsOfHistory: history.length,
      operationsOfPart: operations.length,
    }
  }
  return null
}

function tell<State, Input, Output>(
  { starts, operations, recorded, furthest: { start, last, culprit } }: Smallest<State, Input, Output>,
  model: Model<State, Input, Output>,
): Omit<Counterexample<Input, Output>, 'part' | 'operationsOfHistory' | 'operationsOfPart'> {
  const toldOf = (searched: Operation<Input, Output>): Told<Input, Output> => {
    const operation = recorded.get(searched) ?? searched
    const { process, input, outcome } = operation
    return {
      operation,
      isForgotten: operation !== searched,
      process,
      call: model.describeInput(input),
      result: outcome.kind === 'done' ? model.describeOutput(outcome.output, input) : '?',
    }
  }
  const placedOf = ({ operation, state }: Link<State, Input, Output>): Placed<Input, Output> => ({
    ...toldOf(operation),
    stateAfter: model.describeState(state),
  })
  const order = linksOf(last)
  const placed = new Set(order.map(({ operation }) => operation))
  const stateNow = last === null ? start : last.state
  const owed = culprit.returnedAt ?? Infinity
  const candidates = operations.filter((operation) => !placed.has(operation) && operation.invokedAt <= owed)
  return {
    starts: [...starts.keys()].map(model.describeState),
    before: (starts.get(start) ?? []).map(placedOf),
    operations: operations.map(toldOf),
    start: model.describeState(start),
    order: order.map(placedOf),
    blocked: candidates.map((operation) => ({
      ...toldOf(operation),
      reason: reasonOf(operation, stateNow, model),
      isCulprit: operation === culprit,
    })),
    culprit: toldOf(culprit),
  }
}

function reasonOf<State, Input, Output>(
  operation: Operation<Input, Output>,
  state: State,
  model: Model<State, Input, Output>,
): Blocked<Input, Output>['reason'] {
  const step = model.step(state, operation.input, operation.outcome)
  if (step.isLegal) return { kind: 'leadsNoFurther' }
  const { expected } = step
  return { kind: 'illegal', expected: expected === undefined ? null : model.describeOutput(expected, operation.input) }
}

/** `write(3) → ok` */
export function describeTold({ call, result }: Told<unknown, unknown>): string {
  return `${call} → ${result}`
}

/** Why an operation that might come next does not help. */
export function whyNot({ reason, result }: Blocked<unknown, unknown>): string {
  if (reason.kind === 'leadsNoFurther') return 'may come, and leads no further'
  return reason.expected === null ? 'is not legal here' : `would return ${reason.expected}, and returned ${result}`
}
