/** A state machine in the shape of `defineMachine` as the measure of what its clients saw. */
import { expect, test } from 'vitest'
import { describeCounterexample, findCounterexample, judgeHistory, machineModel } from '../src/index.js'
import { done, lost } from './short-hand.js'

const queue = machineModel({
  name: 'queue',
  initial: () => ({ items: [] as string[] }),
  commands: {
    push: { apply: (state, { item }: { item: string }) => state.items.push(item) },
    pop: { apply: (state) => state.items.shift() ?? null },
  },
  queries: { length: { read: (state) => state.items.length } },
})

const push = (item: string) => ({ command: 'push', input: { item } }) as const
const pop = { command: 'pop' } as const

test('a machine that is used by several at once is linearizable', () => {
  const history = [
    done('a', push('x'), 2, [1, 4]),
    done('b', push('y'), 1, [2, 3]),
    lost('c', pop, 5),
    done('d', pop, 'x', [6, 7]),
    done('d', { query: 'length' } as const, 0, [8, 9]),
  ]
  expect(judgeHistory(history, queue).verdict).toBe('linearizable')
})

test('an item that is popped twice is found', () => {
  const history = [done('a', push('x'), 1, [1, 2]), done('b', pop, 'x', [3, 6]), done('c', pop, 'x', [4, 5])]
  const counterexample = findCounterexample(history, queue)
  expect(counterexample === null ? '' : describeCounterexample(counterexample)).toContain(
    'pop() → "x"  would return null, and returned "x"',
  )
})

test('an operation that the machine does not have is refused by name', () => {
  expect(() => judgeHistory([done('a', { command: 'peek' } as const, null, [1, 2])], queue)).toThrow('"peek"')
})
