/** The search against the definition, on small histories of every built-in model. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { History } from '../src/history.js'
import { judgeHistory } from '../src/judge.js'
import type { Model } from '../src/model.js'
import { counterModel } from '../src/models/counter.js'
import { keyValueModel } from '../src/models/key-value.js'
import { registerModel } from '../src/models/register.js'
import { historiesOf } from './arbitrary.js'
import { isLinearizableByDefinition } from './oracle.js'
import { wholeStoreModel } from './whole-store.js'

const value = fc.nat(2)

const register = fc.oneof(
  fc.record({ input: fc.record({ kind: fc.constant('read' as const) }), output: value }),
  fc.record({ input: fc.record({ kind: fc.constant('write' as const), value }), output: fc.constant(undefined) }),
  fc.record({ input: fc.record({ kind: fc.constant('cas' as const), from: value, to: value }), output: fc.boolean() }),
)

const key = fc.constantFrom('a', 'b')
const letter = fc.constantFrom('x', 'y')
const seen = fc.constantFrom(null, 'x', 'y', 'xy', 'yx')
const keyValue = fc.oneof(
  fc.record({ input: fc.record({ kind: fc.constant('get' as const), key }), output: seen }),
  fc.record({ input: fc.record({ kind: fc.constant('put' as const), key, value: letter }), output: fc.constant(null) }),
  fc.record({
    input: fc.record({ kind: fc.constant('append' as const), key, value: letter }),
    output: fc.constant(null),
  }),
  fc.record({
    input: fc.record({ kind: fc.constant('cas' as const), key, from: seen, to: seen }),
    output: fc.boolean(),
  }),
  fc.record({
    input: fc.record({ kind: fc.constant('delete' as const), key }),
    output: fc.constantFrom(null, true, false),
  }),
)

const counter = fc.oneof(
  fc.record({ input: fc.record({ kind: fc.constant('read' as const) }), output: fc.nat(4) }),
  fc.record({
    input: fc.record({ kind: fc.constant('add' as const), by: fc.integer({ min: -1, max: 2 }) }),
    output: fc.constantFrom(null, 0, 1, 2, 3),
  }),
)

/** Compares them on that many histories, and demands that both verdicts came often enough to mean something. */
function compare<State, Whole, Input, Output>(
  model: Model<State, Input, Output>,
  whole: Model<Whole, Input, Output>,
  asked: fc.Arbitrary<{ input: Input; output: Output }>,
  numRuns: number,
): void {
  const verdicts = { linearizable: 0, notLinearizable: 0, unknown: 0 }
  fc.assert(
    fc.property(historiesOf(asked, 6), (history) => {
      const { verdict, parts } = judgeHistory(history, model)
      verdicts[verdict] += 1
      expect(verdict).toBe(isLinearizableByDefinition(history, whole) ? 'linearizable' : 'notLinearizable')
      for (const { order } of parts) {
        if (order !== null) expect(isOrder(order, model)).toBe(true)
      }
    }),
    { numRuns },
  )
  expect(verdicts.unknown).toBe(0)
  expect(Math.min(verdicts.linearizable, verdicts.notLinearizable)).toBeGreaterThan(numRuns / 10)
}

/** An order as it is handed out is one by itself: its operations in their places, each legal. */
function isOrder<State, Input, Output>(order: History<Input, Output>, model: Model<State, Input, Output>): boolean {
  let state = model.initial
  return order.every((operation, at) => {
    const step = model.step(state, operation.input, operation.outcome)
    if (step.isLegal) state = step.state
    const isInTime = order.slice(0, at).every(({ invokedAt }) => (operation.returnedAt ?? Infinity) >= invokedAt)
    return step.isLegal && isInTime
  })
}

describe('the search agrees with the definition', () => {
  test('on 6,000 histories of a register', () => compare(registerModel(0), registerModel(0), register, 6_000))
  test('on 3,000 histories of a key-value store', () => compare(keyValueModel(), wholeStoreModel(), keyValue, 3_000))
  test('on 3,000 histories of a counter', () => compare(counterModel(), counterModel(), counter, 3_000))
})
