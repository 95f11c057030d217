import fc from 'fast-check'
import type { History, Operation, Outcome } from '../src/history.js'

/** What a random operation is made of before its stamps are drawn. */
interface Asked<Input, Output> {
  readonly input: Input
  readonly output: Output
}

/**
 * Small histories with calls and returns in any order that stamps can have, ties among them, and some outcomes unknown.
 */
export function historiesOf<Input, Output>(
  asked: fc.Arbitrary<Asked<Input, Output>>,
  operationsMax: number,
): fc.Arbitrary<History<Input, Output>> {
  const operation = fc.record({
    asked,
    process: fc.nat(3),
    invokedAt: fc.nat(9),
    length: fc.nat(5),
    isUnknown: fc.integer({ min: 0, max: 3 }).map((die) => die === 0),
  })
  return fc.array(operation, { maxLength: operationsMax }).map((drawn) =>
    drawn.map(({ asked: { input, output }, process, invokedAt, length, isUnknown }): Operation<Input, Output> => {
      const outcome: Outcome<Output> = isUnknown ? { kind: 'unknown' } : { kind: 'done', output }
      return { process, input, outcome, invokedAt, returnedAt: isUnknown ? null : invokedAt + length }
    }),
  )
}
