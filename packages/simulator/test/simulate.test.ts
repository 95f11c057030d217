import { drawPlan, simulate } from '@quorate/simulator'
import { settled } from '@quorate/simulator/node'
import { describe, expect, test } from 'vitest'
import { raftSubject } from './raft/raft-subject.js'

const run = (seed: number) => simulate(drawPlan(seed), raftSubject, { settled })

describe('a simulated cluster', () => {
  test('runs the same again from the same seed, and otherwise from another', async () => {
    const first = await run(7)
    expect(await run(7)).toEqual(first)
    expect((await run(8)).traceHash).not.toBe(first.traceHash)
  })

  test('runs the same wherever it is begun: among promises, or in a turn of the event loop', async () => {
    const begun = new Promise<Awaited<ReturnType<typeof run>>>((resolve, reject) => {
      setImmediate(() => void run(7).then(resolve, reject))
    })
    expect(await begun).toEqual(await run(7))
  })

  test('tells what happened as it happens, and runs the same whether or not anybody listens', async () => {
    const told: string[] = []
    const plan = drawPlan(7)
    const heard = await simulate(plan, raftSubject, { settled, onEvent: ({ what }) => void told.push(what) })
    expect(heard).toEqual(await run(7))
    expect(told).toHaveLength(heard.events)
  })

  test.each([1, 2, 3, 4, 5, 6])('holds under the faults of seed %i', async (seed) => {
    const { violation, acknowledged } = await run(seed)
    expect(violation, `seed ${seed}`).toBeNull()
    expect(acknowledged).toBeGreaterThan(0)
  })
})
