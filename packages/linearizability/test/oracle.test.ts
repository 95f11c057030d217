/** The search against the definition, on small histories of every built-in model. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { History } from '../src/history.js'
import { judgeHistory } from '../src/judge.js'
import type { Model } from '../src/model.js'
import { counterModel } from '../src/models/counter.js'
import { keyValueModel } from '../src/models/key-value.js'
import { registerModel } from '../src/models/register.js'
import { askedOfCounter, askedOfRegister, askedOfStore, historiesOf } from './arbitrary.js'
import { isLinearizableByDefinition } from './oracle.js'
import { wholeStoreModel } from './whole-store.js'

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
  test('on 6,000 histories of a register', () => compare(registerModel(0), registerModel(0), askedOfRegister, 6_000))
  test('on 3,000 histories of a key-value store', () =>
    compare(keyValueModel(), wholeStoreModel(), askedOfStore, 3_000))
  test('on 3,000 histories of a counter', () => compare(counterModel(), counterModel(), askedOfCounter, 3_000))
})
