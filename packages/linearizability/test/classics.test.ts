/** Histories that everybody should know, each with the verdict that its name claims. */
import { describe, expect, test } from 'vitest'
import {
  counterModel,
  judgeHistory,
  keyValueModel,
  registerModel,
  type History,
  type RegisterInput,
  type RegisterOutput,
} from '../src/index.js'
import { done, keptForLater, lost } from './short-hand.js'

const read = { kind: 'read' } as const
const write = (value: number): RegisterInput<number> => ({ kind: 'write', value })
const cas = (from: number, to: number): RegisterInput<number> => ({ kind: 'cas', from, to })

function verdict(history: History<RegisterInput<number>, RegisterOutput<number>>): string {
  return judgeHistory(history, registerModel(0)).verdict
}

describe('linearizable', () => {
  test('nothing at all', () => expect(verdict([])).toBe('linearizable'))

  test('a read beside a write sees either value', () => {
    for (const value of [0, 1]) {
      expect(verdict([done('a', write(1), true, [1, 4]), done('b', read, value, [2, 3])])).toBe('linearizable')
    }
  })

  test('a write of unknown outcome is seen late', () => {
    const history = [lost('a', write(1), 1), done('b', read, 0, [2, 3]), done('b', read, 1, [8, 9])]
    expect(verdict(history)).toBe('linearizable')
  })

  test('a write of unknown outcome is never seen', () => {
    expect(verdict([lost('a', write(1), 1), done('b', read, 0, [8, 9])])).toBe('linearizable')
  })

  test('an operation of unknown outcome is kept for where only it helps', () => {
    expect(verdict(keptForLater)).toBe('linearizable')
  })

  test('equal stamps are concurrent', () => {
    expect(verdict([done('a', write(1), true, [1, 2]), done('b', read, 0, [2, 3])])).toBe('linearizable')
  })

  test('two comparisons at once, one of which wins', () => {
    const history = [done('a', cas(0, 1), true, [1, 4]), done('b', cas(0, 2), false, [2, 3])]
    expect(verdict(history)).toBe('linearizable')
  })

  test('a comparison of unknown outcome that has won makes another fail', () => {
    expect(verdict([lost('a', cas(0, 1), 1), done('b', cas(0, 2), false, [2, 3])])).toBe('linearizable')
  })

  test('keys do not see each other', () => {
    const history = [
      done('a', { kind: 'put', key: 'x', value: '1' } as const, null, [1, 2]),
      done('b', { kind: 'get', key: 'y' } as const, null, [3, 4]),
    ]
    const { verdict, parts } = judgeHistory(history, keyValueModel())
    expect(verdict).toBe('linearizable')
    expect(parts.map(({ part }) => part)).toEqual(['x', 'y'])
  })
})

describe('not linearizable', () => {
  const wrong = 'notLinearizable'

  test('a stale read', () => {
    expect(verdict([done('a', write(1), true, [1, 2]), done('b', read, 0, [3, 4])])).toBe(wrong)
  })

  test('a value that goes away again', () => {
    const history = [lost('a', write(1), 1), done('b', read, 1, [2, 3]), done('c', read, 0, [4, 5])]
    expect(verdict(history)).toBe(wrong)
  })

  test('the value of a write that failed', () => {
    expect(verdict([done('b', read, 1, [2, 3])])).toBe(wrong)
  })

  test('a write that is seen before it is called', () => {
    expect(verdict([done('b', read, 1, [1, 2]), lost('a', write(1), 3)])).toBe(wrong)
  })

  test('two comparisons that both win', () => {
    expect(verdict([done('a', cas(0, 1), true, [1, 4]), done('b', cas(0, 2), true, [2, 3])])).toBe(wrong)
  })

  test('one write of unknown outcome that took effect twice', () => {
    const history = [
      lost('a', write(1), 1),
      done('b', read, 1, [2, 3]),
      done('b', write(2), true, [4, 5]),
      done('b', read, 1, [6, 7]),
    ]
    expect(verdict(history)).toBe(wrong)
  })

  test('two readers that see two writes in different orders', () => {
    const history = [
      done('a', write(1), true, [1, 20]),
      done('b', write(2), true, [2, 21]),
      done('c', read, 1, [3, 4]),
      done('c', read, 2, [5, 6]),
      done('d', read, 2, [3, 4]),
      done('d', read, 1, [5, 6]),
    ]
    expect(verdict(history)).toBe(wrong)
  })

  test('a lost update', () => {
    const add = { kind: 'add', by: 1 } as const
    const history = [done('a', add, 1, [1, 4]), done('b', add, 1, [2, 3])]
    expect(judgeHistory(history, counterModel()).verdict).toBe(wrong)
    const silent = [done('a', add, null, [1, 4]), done('b', add, null, [2, 3]), done('c', read, 1, [5, 6])]
    expect(judgeHistory(silent, counterModel()).verdict).toBe(wrong)
  })

  test('an append that was applied twice', () => {
    const history = [
      done('a', { kind: 'append', key: 'x', value: 'ab' } as const, null, [1, 2]),
      done('a', { kind: 'get', key: 'x' } as const, 'abab', [3, 4]),
    ]
    expect(judgeHistory(history, keyValueModel()).verdict).toBe(wrong)
  })
})
