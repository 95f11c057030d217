import { nodeId, type NodeId } from '@quorate/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jointIndex, jointVote, majorityIndex, majorityVote, type VoteResult } from '../../src/index.js'
import { cases } from './cases.js'

const ids = (text: string): NodeId[] => text.split(' ').filter(Boolean).map(nodeId)
const pool = ids('a b c d e f g')
const majorities = fc.subarray(pool)
const indexes = fc.dictionary(fc.constantFrom(...pool), fc.nat(20))
const votes = fc.dictionary(fc.constantFrom(...pool), fc.boolean())

/** Tries every index: the largest that more than half of the voters have. */
function naiveIndex(voters: readonly NodeId[], has: Record<string, number>): number {
  if (voters.length === 0) return Infinity
  for (let index = 20; index > 0; index -= 1) {
    if (voters.filter((voter) => (has[voter] ?? 0) >= index).length * 2 > voters.length) return index
  }
  return 0
}

/** Tries every way in which those who are silent could still vote. */
function naiveVote(halves: readonly (readonly NodeId[])[], cast: Record<string, boolean>): VoteResult {
  const silent = [...new Set(halves.flat())].filter((voter) => cast[voter] === undefined)
  const outcomes = new Set<boolean>()
  for (let bits = 0; bits < 2 ** silent.length; bits += 1) {
    const all: Record<string, boolean> = { ...cast }
    silent.forEach((voter, at) => (all[voter] = (bits & (1 << at)) !== 0))
    outcomes.add(
      halves.every((half) => half.length === 0 || half.filter((voter) => all[voter]).length * 2 > half.length),
    )
  }
  return outcomes.size === 2 ? 'pending' : outcomes.has(true) ? 'won' : 'lost'
}

describe('a majority', () => {
  test.each([
    ['', {}, Infinity],
    ['a', {}, 0],
    ['a', { a: 7 }, 7],
    ['a b', { a: 7 }, 0],
    ['a b', { a: 7, b: 3 }, 3],
    ['a b c', { a: 7, b: 3 }, 3],
    ['a b c', { a: 100, b: 20, c: 3 }, 20],
    ['a b c d', { a: 9, b: 9 }, 0],
    ['a b c d', { a: 9, b: 8, c: 7 }, 7],
    ['a b c d e', { a: 9, b: 8, c: 7 }, 7],
    ['a b c', { d: 9, e: 9 }, 0],
  ])('of "%s" with %j has %d', (voters, has: Record<string, number>, index) => {
    expect(majorityIndex(ids(voters), (voter) => has[voter] ?? 0)).toBe(index)
  })

  test.each([
    ['', {}, 'won'],
    ['a', {}, 'pending'],
    ['a', { a: true }, 'won'],
    ['a', { a: false }, 'lost'],
    ['a b', { a: true }, 'pending'],
    ['a b', { a: false }, 'lost'],
    ['a b c', { a: true, b: false }, 'pending'],
    ['a b c', { a: true, b: true }, 'won'],
    ['a b c', { a: false, b: false }, 'lost'],
    ['a b c d', { a: true, b: true, c: false }, 'pending'],
    ['a b c d', { a: true, b: true, c: false, d: false }, 'lost'],
    ['a b c', { d: true, e: true }, 'pending'],
  ])('of "%s" with the votes %j is %s', (voters, cast: Record<string, boolean>, result) => {
    expect(majorityVote(ids(voters), (voter) => cast[voter])).toBe(result)
  })

  test('sorts numbers as numbers', () => {
    expect(majorityIndex(ids('a b c'), (voter) => ({ a: 9, b: 10, c: 100 })[String(voter)] ?? 0)).toBe(10)
  })

  test('holds no order against anybody', () => {
    fc.assert(
      fc.property(majorities, indexes, (voters, has) => {
        const indexOf = (voter: NodeId): number => has[voter] ?? 0
        expect(majorityIndex([...voters].reverse(), indexOf)).toBe(majorityIndex(voters, indexOf))
      }),
      { numRuns: cases.quorumOrder },
    )
  })
})

describe('two majorities at once', () => {
  test('have the index that both have', () => {
    fc.assert(
      fc.property(majorities, majorities, indexes, (incoming, outgoing, has) => {
        const naive = Math.min(naiveIndex(incoming, has), naiveIndex(outgoing, has))
        expect(jointIndex({ incoming, outgoing }, (voter) => has[voter] ?? 0)).toBe(naive)
      }),
      { numRuns: cases.quorumIndex },
    )
  })

  test('are won when both must be, lost when either cannot be', () => {
    fc.assert(
      fc.property(majorities, majorities, votes, (incoming, outgoing, cast) => {
        const result = jointVote({ incoming, outgoing }, (voter) => cast[voter])
        const naive = naiveVote([incoming, outgoing], cast)
        // Each half is counted alone, so what only both together exclude is still pending.
        expect(result === naive || (result === 'pending' && naive === 'lost')).toBe(true)
      }),
      { numRuns: cases.quorumVote },
    )
  })
})
