import { drawPlan, selectFrom, shrink, type Plan, type Selection } from '@quorate/simulator'
import { describe, expect, test } from 'vitest'

const plan = drawPlan(11)

/** Fails while these faults are there and so many callers ask. */
function failure(needed: readonly number[], clients: number) {
  let runs = 0
  const fails = async (selection: Selection): Promise<boolean> => {
    runs += 1
    const { faults, load }: Plan = selectFrom(plan, selection)
    return needed.every((at) => faults.some((fault) => fault === plan.faults[at])) && load.clients >= clients
  }
  return { fails, runs: () => runs }
}

describe('shrinking', () => {
  test('leaves the faults and callers that it takes, and nothing else', async () => {
    expect(plan.faults.length).toBeGreaterThan(8)
    const { fails } = failure([2, 7], 1)
    expect(await shrink(plan, { fails, runsMax: 1_000 })).toMatchObject({ keep: [2, 7] })
  })

  test('finds out at once that no fault is needed', async () => {
    const { fails } = failure([], 1)
    expect(await shrink(plan, { fails, runsMax: 1_000 })).toMatchObject({ keep: [] })
  })

  test('ends with what it has when its runs are spent', async () => {
    const { fails, runs } = failure([2, 7], 1)
    const { keep } = await shrink(plan, { fails, runsMax: 5 })
    expect(keep).toEqual(expect.arrayContaining([2, 7]))
    expect(runs()).toBe(5)
  })
})
