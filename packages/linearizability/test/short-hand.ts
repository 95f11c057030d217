import type { History, Operation, ProcessId } from '../src/history.js'
import type { RegisterInput, RegisterOutput } from '../src/models/register.js'

/** An operation that returned. */
export function done<Input, Output>(
  process: ProcessId,
  input: Input,
  output: Output,
  [invokedAt, returnedAt]: readonly [number, number],
): Operation<Input, Output> {
  return { process, input, outcome: { kind: 'done', output }, invokedAt, returnedAt }
}

/** An operation that nobody heard of again. */
export function lost<Input>(process: ProcessId, input: Input, invokedAt: number): Operation<Input, never> {
  return { process, input, outcome: { kind: 'unknown' }, invokedAt, returnedAt: null }
}

/**
 * Two operations of unknown outcome explain the first read, and only one of them the second: whoever takes that one first has
 * to go back. Histories drawn at random are rarely like this.
 */
export const keptForLater: History<RegisterInput<number>, RegisterOutput<number>> = [
  lost('a', { kind: 'write', value: 1 }, 1),
  lost('b', { kind: 'cas', from: 0, to: 1 }, 2),
  done('c', { kind: 'read' }, 1, [3, 4]),
  done('c', { kind: 'write', value: 2 }, true, [5, 6]),
  done('c', { kind: 'read' }, 1, [7, 8]),
]
