import { Budget, type Exhausted, type Limits } from './budget.js'
import { checkStamps, type History, type Operation } from './history.js'
import type { Model } from './model.js'
import { linksOf, Search } from './search.js'

/**
 * `linearizable`: there is an order of all operations, each between its call and its return, in which one object that takes
 * one after the other returns what was seen. `notLinearizable`: there is none. `unknown`: the limits came first.
 */
export type Verdict = 'linearizable' | 'notLinearizable' | 'unknown'

/** The verdict on one part of a history: the operations on one key, say. */
export interface PartJudgement<Input, Output> {
  readonly part: string
  readonly verdict: Verdict
  readonly operations: History<Input, Output>
  /** Such an order, if there is one. Operations of unknown outcome that it has no need of are left out. */
  readonly order: History<Input, Output> | null
  /** What came to its limit, if the verdict is `unknown`. */
  readonly exhausted: Exhausted | null
}

/** The verdict on a history, which is that on its parts: one that is not linearizable decides it, then one that is unknown. */
export interface Judgement<Input, Output> {
  readonly verdict: Verdict
  /** In the order of their names. */
  readonly parts: readonly PartJudgement<Input, Output>[]
  /** Steps that were taken, and configurations that were kept: the same at every run. */
  readonly steps: number
  readonly configurations: number
}

/**
 * Decides whether a history is linearizable by a model, within limits.
 *
 * The parts that the model names are searched one by one, the smallest first, and each may use its fair share of the steps
 * that are left: a hopeless one does not hide another's fault. Throws a `TypeError` for stamps or limits that make no sense.
 */
export function judgeHistory<State, Input, Output>(
  history: History<Input, Output>,
  model: Model<State, Input, Output>,
  limits: Limits = {},
): Judgement<Input, Output> {
  checkStamps(history)
  const budget = new Budget(limits)
  const waiting = [...partsOf(history, model)].sort(([, one], [, other]) => one.length - other.length)
  let steps = 0
  let configurations = 0
  const parts = waiting.map(([part, operations], at): PartJudgement<Input, Output> => {
    const share = budget.share(waiting.length - at)
    const search = new Search(model, operations, share)
    const result = search.run([model.initial])
    budget.take(share)
    steps += share.used
    configurations += search.configurations
    return {
      part,
      verdict: result.kind,
      operations,
      order: result.kind === 'linearizable' ? linksOf(result.last).map(({ operation }) => operation) : null,
      exhausted: result.kind === 'unknown' ? result.reason : null,
    }
  })
  parts.sort(({ part: one }, { part: other }) => (one < other ? -1 : 1))
  return { verdict: worst(parts.map(({ verdict }) => verdict)), parts, steps, configurations }
}

/** The parts of a history that its model tells apart. */
export function partsOf<Input, Output>(
  history: History<Input, Output>,
  { partition }: Pick<Model<unknown, Input, Output>, 'partition'>,
): ReadonlyMap<string, Operation<Input, Output>[]> {
  const parts = new Map<string, Operation<Input, Output>[]>()
  for (const operation of history) {
    const part = partition(operation.input)
    const operations = parts.get(part)
    if (operations === undefined) parts.set(part, [operation])
    else operations.push(operation)
  }
  return parts
}

function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('notLinearizable')) return 'notLinearizable'
  return verdicts.includes('unknown') ? 'unknown' : 'linearizable'
}
