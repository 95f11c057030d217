/** Every search ends: with a verdict, or with `unknown` at a limit that is a count. */
import { describe, expect, test } from 'vitest'
import { counterModel, judgeHistory, registerModel, type History, type RegisterInput } from '../src/index.js'
import { done, lost } from './short-hand.js'

/** 100 writes to one key at once that nobody heard of again, and reads after them. */
function lostWrites(values: number, seen: readonly number[]): History<RegisterInput<number>, number> {
  const writes = Array.from({ length: 100 }, (_, at) => {
    return lost(at, { kind: 'write', value: 1 + (at % values) } as const, at)
  })
  const reads = seen.map((value, at) =>
    done('reader', { kind: 'read' } as const, value, [1000 + 2 * at, 1001 + 2 * at]),
  )
  return [...writes, ...reads]
}

describe('100 concurrent writes of unknown outcome', () => {
  test('explain any values that they wrote, each as often as it was written', () => {
    const seen = [3, 1, 2, 3, 1, 5, 4]
    expect(judgeHistory(lostWrites(100, seen.slice(0, 3)), registerModel(0)).verdict).toBe('linearizable')
    expect(judgeHistory(lostWrites(5, seen), registerModel(0)).verdict).toBe('linearizable')
    expect(judgeHistory(lostWrites(100, [3, 1, 3]), registerModel(0)).verdict).toBe('notLinearizable')
  })

  test('do not explain what nobody wrote, and that is found in a few steps', () => {
    const { verdict, steps } = judgeHistory(lostWrites(100, [7, 9, 999]), registerModel(0))
    expect(verdict).toBe('notLinearizable')
    expect(steps).toBeLessThan(100_000)
  })
})

describe('a limit', () => {
  // Which of 40 different sums was it? Nobody knows a quick way.
  const adds = Array.from({ length: 40 }, (_, at) => lost(at, { kind: 'add', by: 3 ** at } as const, at))
  const sums = [...adds, done('reader', { kind: 'read' } as const, -1, [1000, 1001])]

  test('of steps ends a search', () => {
    const { verdict, steps, parts } = judgeHistory(sums, counterModel(), { stepsMax: 10_000 })
    expect(verdict).toBe('unknown')
    expect(parts[0]?.exhausted).toBe('steps')
    expect(steps).toBeLessThan(11_000)
  })

  test('of configurations ends a search', () => {
    const { parts, configurations } = judgeHistory(sums, counterModel(), { cachedConfigurationsMax: 1_000 })
    expect(parts[0]?.exhausted).toBe('cachedConfigurations')
    expect(configurations).toBeLessThan(1_100)
  })

  test('of time ends a search, where somebody has a clock', () => {
    let asked = 0
    const deadline = (): boolean => (asked += 1) > 3
    expect(judgeHistory(sums, counterModel(), { deadline }).parts[0]?.exhausted).toBe('deadline')
  })

  test('is a count, so that the same history costs the same', () => {
    const once = judgeHistory(sums, counterModel(), { stepsMax: 5_000 })
    const again = judgeHistory(sums, counterModel(), { stepsMax: 5_000 })
    expect([again.steps, again.configurations]).toEqual([once.steps, once.configurations])
  })

  test('that makes no sense is refused by name', () => {
    expect(() => judgeHistory(sums, counterModel(), { stepsMax: 0 })).toThrow(/stepsMax/)
  })
})

test('a part that is hopeless does not hide that another is wrong', () => {
  const model = { ...counterModel(), partition: (input: { kind: string; by?: number }) => (input.by === 7 ? 'b' : 'a') }
  const hopeless = [
    ...Array.from({ length: 40 }, (_, at) => lost(at, { kind: 'add', by: 30 ** at } as const, at)),
    done('reader', { kind: 'read' } as const, -1, [1000, 1001]),
  ]
  const wrong = [done('writer', { kind: 'add', by: 7 } as const, 8, [1, 2])]
  const { verdict, parts } = judgeHistory([...hopeless, ...wrong], model, { stepsMax: 10_000 })
  expect(parts.map(({ verdict }) => verdict)).toEqual(['unknown', 'notLinearizable'])
  expect(verdict).toBe('notLinearizable')
})

test('stamps that make no sense are refused with the place', () => {
  const backwards = [done('a', { kind: 'read' } as const, 0, [5, 3])]
  expect(() => judgeHistory(backwards, registerModel(0))).toThrow('operation 0 of the history (process a)')
})
