import { describe, expect, test } from 'vitest'
import {
  assert,
  clusterTime,
  compareIds,
  describeError,
  InvariantViolation,
  isNodeId,
  nodeId,
  outcomeOfCode,
  position,
  QuorateError,
  readySeq,
  sequence,
  token,
} from '../src/index.js'

describe('units', () => {
  test.each(['n1', 'A', 'a.b_c-9', 'x'.repeat(64)])('"%s" names a member', (text) => {
    expect([isNodeId(text), nodeId(text)]).toEqual([true, text])
  })

  test.each(['', 'n 1', 'ñ', 'n1\n', 'a/b', 'x'.repeat(65)])('"%s" names none', (text) => {
    expect(isNodeId(text)).toBe(false)
    expect(() => nodeId(text)).toThrow(TypeError)
    expect(() => nodeId(text)).toThrow('use 1 to 64 of the characters')
  })

  test.each(Object.entries({ position, sequence, readySeq, token, clusterTime }))('a %s counts', (_name, brand) => {
    for (const value of [0, 1, Number.MAX_SAFE_INTEGER]) expect(brand(value)).toBe(value)
    for (const value of [-1, 0.5, NaN, Infinity, 2 ** 53]) expect(() => brand(value)).toThrow(InvariantViolation)
  })

  test('D38: ids are compared by code unit', () => {
    expect(['b', 'B', 'a', '10', '2'].sort(compareIds)).toEqual(['10', '2', 'B', 'a', 'b'])
    expect(compareIds('a', 'a')).toBe(0)
  })
})

describe('errors', () => {
  test('the code decides the outcome, unless it can be both and is said', () => {
    for (const [code, outcome] of Object.entries(outcomeOfCode)) {
      expect(new QuorateError(code as keyof typeof outcomeOfCode, 'x').outcome).toBe(outcome)
    }
    expect(new QuorateError('STOPPED', 'x', { outcome: 'notDone' }).outcome).toBe('notDone')
  })

  test('carry their cause and the leader, if there is one', () => {
    const cause = new Error('why')
    const leader = { id: 'n2', clientAddress: 'host:80' }
    expect(new QuorateError('NOT_LEADER', 'x', { cause, leader })).toMatchObject({
      cause,
      leader,
      name: 'QuorateError',
    })
    expect('cause' in new QuorateError('NOT_LEADER', 'x')).toBe(false)
  })

  test('D36: a claim that does not hold is an InvariantViolation, and its text is made only then', () => {
    let made = 0
    const text = (): string => `made ${(made += 1)} times`
    assert(true, text)
    expect(made).toBe(0)
    expect(() => assert(false, text)).toThrow(new InvariantViolation('made 1 times'))
    expect(() => assert(false, 'plain')).toThrow('plain')
  })

  test('anything that was thrown has a text', () => {
    expect([new Error('a'), 'b', 7, null, undefined].map(describeError)).toEqual(['a', 'b', '7', 'null', 'undefined'])
  })
})
