import { expect, test } from 'vitest'
import { inLanes } from './lanes.mjs'

/** Steps that end when they are told to, and what has begun and was told so far. */
function lanesOf(stages: readonly (readonly string[])[][]) {
  const begun: string[] = []
  const told: string[] = []
  const ends = new Map<string, (isOk: boolean) => void>()
  const perform = (step: { name: string }) =>
    new Promise<{ isOk: boolean }>((resolve) => {
      begun.push(step.name)
      ends.set(step.name, (isOk) => resolve({ isOk }))
    })
  const named = stages.map((lanes) => lanes.map((lane) => lane.map((name) => ({ name }))))
  const all = inLanes(named, perform, ({ name }, { isOk }) => told.push(`${name} ${isOk ? 'held' : 'failed'}`))
  const end = async (name: string, isOk = true) => {
    ends.get(name)?.(isOk)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { begun, told, all, end }
}

test('lanes go side by side, stages one after the other, and what ends is told in the order of the list', async () => {
  const { begun, told, all, end } = lanesOf([[['a', 'b'], ['c']], [['d']]])
  expect(begun).toEqual(['a', 'c'])
  await end('c')
  expect(told).toEqual([])
  await end('a')
  expect(begun).toEqual(['a', 'c', 'b'])
  expect(told).toEqual(['a held'])
  await end('b')
  expect(told).toEqual(['a held', 'b held', 'c held'])
  expect(begun).toEqual(['a', 'c', 'b', 'd'])
  await end('d')
  expect(await all).toBe(true)
  expect(told.at(-1)).toBe('d held')
})

test('after a failure nothing begins, what runs is waited for, and all that ended is told', async () => {
  const { begun, told, all, end } = lanesOf([
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
    [['e']],
  ])
  await end('c', false)
  expect(told).toEqual([])
  await end('a')
  expect(await all).toBe(false)
  expect(begun).toEqual(['a', 'c'])
  expect(told).toEqual(['a held', 'c failed'])
})

test('two failures are both told', async () => {
  const { told, all, end } = lanesOf([[['a'], ['b']]])
  await end('b', false)
  await end('a', false)
  expect(await all).toBe(false)
  expect(told).toEqual(['a failed', 'b failed'])
})
