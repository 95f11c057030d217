import { badDays, drawPlan, missingDays, simulate } from '@quorate/simulator'
import { describe, expect, test } from 'vitest'
import { raftSubject } from './raft/raft-subject.js'
import { settled } from '@quorate/simulator/node'

/** Seeds that are run every time, and how long fresh ones are run behind them. */
const fixedSeeds = Array.from({ length: 24 }, (_, at) => at + 1)
const freshMs = 15_000

async function violationOf(seed: number): Promise<string | null> {
  const { violation } = await simulate(drawPlan(seed), raftSubject, { settled })
  return violation === null ? null : `pnpm sim --seed ${seed}: ${violation}`
}

describe('a campaign over simulated clusters of raft', () => {
  test('holds for the same seeds as ever', async () => {
    for (const seed of fixedSeeds) expect(await violationOf(seed)).toBeNull()
  }, 300_000)

  test('holds for seeds that nobody has tried before', async () => {
    const endMs = performance.now() + freshMs
    for (let seed = Date.now() % 1_000_000_000; performance.now() < endMs; seed += 1) {
      expect(await violationOf(seed)).toBeNull()
    }
  }, 300_000)

  test('knows which bad days it has not seen yet', () => {
    const casesMissing = (counters: Record<string, number>, runs: number) =>
      missingDays(counters, runs).flatMap(({ cases }) => cases)
    expect(missingDays({}, 1)).toEqual(badDays)
    expect(casesMissing({ 'drift of a leader': 1 }, 10_000)).not.toContain('F-27')
    expect(casesMissing({ 'warning TAIL_CUT': 999 }, 10_000)).toContain('W1')
    expect(casesMissing({ 'warning TAIL_CUT': 1_000 }, 10_000)).not.toContain('W1')
  })
})
