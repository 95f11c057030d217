import { expect, test } from 'vitest'
import { canonicalText, recordHistory } from '../src/index.js'

test('events are stamped in the order in which they are recorded', () => {
  const recorder = recordHistory<string, string>()
  const one = recorder.invoke('a', 'first')
  const two = recorder.invoke('b', 'second')
  recorder.complete(two, 'yes')
  recorder.complete(one, 'no')
  expect(recorder.history()).toEqual([
    { process: 'a', input: 'first', outcome: { kind: 'done', output: 'no' }, invokedAt: 1, returnedAt: 4 },
    { process: 'b', input: 'second', outcome: { kind: 'done', output: 'yes' }, invokedAt: 2, returnedAt: 3 },
  ])
})

test('what failed is in no history, what is open or unknown has no return', () => {
  const recorder = recordHistory<string, string>()
  recorder.fail(recorder.invoke('a', 'failed'))
  recorder.unknown(recorder.invoke('a', 'unknown'))
  recorder.invoke('a', 'open')
  expect(recorder.history().map(({ input, outcome, returnedAt }) => [input, outcome.kind, returnedAt])).toEqual([
    ['unknown', 'unknown', null],
    ['open', 'unknown', null],
  ])
})

test('a process has one operation at a time, and an operation one end', () => {
  const recorder = recordHistory<string, string>()
  const id = recorder.invoke('a', 'first')
  expect(() => recorder.invoke('a', 'second')).toThrow(`process a has operation ${id} open`)
  recorder.complete(id, 'done')
  expect(() => recorder.fail(id)).toThrow('has ended already')
})

test('equal values have equal texts, others do not, and what has none is refused', () => {
  const equal = { b: [1n, new Map([['k', new Set([2, 1])]])], a: undefined }
  expect(canonicalText({ a: undefined, b: [1n, new Map([['k', new Set([1, 2])]])] })).toBe(canonicalText(equal))
  const different = [
    1,
    '1',
    1n,
    true,
    null,
    undefined,
    [1],
    { 1: 1 },
    new Set([1]),
    new Map([[1, 1]]),
    Uint8Array.of(1),
  ]
  expect(new Set(different.map(canonicalText)).size).toBe(different.length)
  expect(() => canonicalText({ at: new URL('file:///') })).toThrow('an instance of URL cannot be compared')
  expect(() => canonicalText(() => 1)).toThrow('a function cannot be compared')
})
