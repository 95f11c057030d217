import fc from 'fast-check'
import type { History, Operation, Outcome } from '../src/history.js'

/** What a random operation is made of before its stamps are drawn. */
export interface Asked<Input, Output> {
  readonly input: Input
  readonly output: Output
}

/**
 * Small histories with calls and returns in any order that stamps can have, ties among them, and some outcomes unknown.
 */
export function historiesOf<Input, Output>(
  asked: fc.Arbitrary<Asked<Input, Output>>,
  operationsMax: number,
  oneUnknownIn = 4,
): fc.Arbitrary<History<Input, Output>> {
  const operation = fc.record({
    asked,
    process: fc.nat(3),
    invokedAt: fc.nat(9),
    length: fc.nat(5),
    isUnknown: fc.integer({ min: 1, max: oneUnknownIn }).map((die) => die === 1),
  })
  return fc.array(operation, { maxLength: operationsMax }).map((drawn) =>
    drawn.map(({ asked: { input, output }, process, invokedAt, length, isUnknown }): Operation<Input, Output> => {
      const outcome: Outcome<Output> = isUnknown ? { kind: 'unknown' } : { kind: 'done', output }
      return { process, input, outcome, invokedAt, returnedAt: isUnknown ? null : invokedAt + length }
    }),
  )
}

const value = fc.nat(2)

/** What is asked of a register, with outputs that may be right. */
export const askedOfRegister = fc.oneof(
  fc.record({ input: fc.record({ kind: fc.constant('read' as const) }), output: value }),
  fc.record({ input: fc.record({ kind: fc.constant('write' as const), value }), output: fc.constant(undefined) }),
  fc.record({ input: fc.record({ kind: fc.constant('cas' as const), from: value, to: value }), output: fc.boolean() }),
)

const key = fc.constantFrom('a', 'b')
const letter = fc.constantFrom('x', 'y')
const seen = fc.constantFrom(null, 'x', 'y', 'xy', 'yx')
/** The same of a key-value store, on two keys. */
export const askedOfStore = fc.oneof(
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

/** The same of a counter. */
export const askedOfCounter = fc.oneof(
  fc.record({ input: fc.record({ kind: fc.constant('read' as const) }), output: fc.nat(4) }),
  fc.record({
    input: fc.record({ kind: fc.constant('add' as const), by: fc.integer({ min: -1, max: 2 }) }),
    output: fc.constantFrom(null, 0, 1, 2, 3),
  }),
)
