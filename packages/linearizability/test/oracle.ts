import type { History } from '../src/history.js'
import type { Model } from '../src/model.js'

/**
 * Linearizability by its definition, and by nothing clever: every choice of the operations of unknown outcome, every order
 * of what is left. It shares no line with the search, and is of use for half a dozen operations.
 */
export function isLinearizableByDefinition<State, Input, Output>(
  history: History<Input, Output>,
  model: Model<State, Input, Output>,
): boolean {
  const returned = history.filter(({ outcome }) => outcome.kind === 'done')
  const unknown = history.filter(({ outcome }) => outcome.kind === 'unknown')
  return subsets(unknown).some((chosen) =>
    permutations([...returned, ...chosen]).some((order) => keepsTime(order) && isLegal(order, model)),
  )
}

function isLegal<State, Input, Output>(order: History<Input, Output>, model: Model<State, Input, Output>): boolean {
  let state = model.initial
  for (const { input, outcome } of order) {
    const step = model.step(state, input, outcome)
    if (!step.isLegal) return false
    state = step.state
  }
  return true
}

/** Nothing stands behind an operation that was called only after it had returned. */
function keepsTime(order: History<unknown, unknown>): boolean {
  return order.every((later, at) =>
    order.slice(0, at).every((earlier) => later.returnedAt === null || later.returnedAt >= earlier.invokedAt),
  )
}

function subsets<Each>(all: readonly Each[]): Each[][] {
  const [first, ...rest] = all
  if (first === undefined) return [[]]
  return subsets(rest).flatMap((subset) => [subset, [first, ...subset]])
}

function permutations<Each>(all: readonly Each[]): Each[][] {
  if (all.length === 0) return [[]]
  return all.flatMap((first, at) => permutations(all.toSpliced(at, 1)).map((rest) => [first, ...rest]))
}
