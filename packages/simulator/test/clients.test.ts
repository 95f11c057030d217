import { raft } from '@quorate/raft'
import { defineMachine } from '@quorate/machine'
import { drawPlan, runInSimulation, simulate, subject, type Plan, type Report } from '@quorate/simulator'
import { describe, expect, test } from 'vitest'
import { productGateway } from './gateway/product-gateway.js'
import { raftSubject } from './raft/raft-subject.js'
import { settled } from '@quorate/simulator/node'

/** The plan of a seed, with callers that use the client. */
function planOf(seed: number): Plan {
  const plan = drawPlan(seed)
  return { ...plan, load: { ...plan.load, callers: 'client' } }
}

const run = (seed: number): Promise<Report> => simulate(planOf(seed), raftSubject, { settled })

describe('callers that use the product’s client over a bad HTTP', () => {
  test('are drawn for some of the runs', () => {
    const callers = Array.from({ length: 200 }, (_, seed) => drawPlan(seed).load.callers)
    const clients = callers.filter((each) => each === 'client').length
    expect(clients).toBeGreaterThan(20)
    expect(clients).toBeLessThan(60)
  })

  test('run the same again from the same seed', async () => {
    expect(await run(2)).toEqual(await run(2))
  })

  test('F-29, F-30: send again what was lost, and get their answers, under the faults of many seeds', async () => {
    const counters: Record<string, number> = {}
    for (let seed = 1; seed <= 8; seed += 1) {
      const report = await run(seed)
      expect(report.violation, `seed ${seed}`).toBeNull()
      for (const [what, count] of Object.entries(report.counters)) counters[what] = (counters[what] ?? 0) + count
    }
    expect(counters['callers ask with the client']).toBe(8)
    const badDays = [
      'a caller asks again',
      'a command is answered when it is asked again',
      'a client gets no connection',
      'a connection breaks',
      'a connection falls silent',
      'a message of a client is late',
    ]
    expect(badDays.filter((what) => !counters[what])).toEqual([])
  }, 60_000)

  test('ask directly where nobody brought a gateway', async () => {
    const bare = subject({ name: 'raft', protocol: () => raft() })
    const { counters } = await simulate(planOf(3), bare, { settled })
    expect(counters).toMatchObject({ 'callers ask directly': 1 })
  })

  test('try machines of somebody else', async () => {
    const tally = defineMachine({
      name: 'tally',
      version: 1,
      initial: () => ({ count: 0 }),
      commands: { add: { apply: (state) => (state.count += 1) } },
      queries: { count: { read: (state) => state.count } },
    })
    const seedOfClients = Array.from({ length: 100 }, (_, seed) => seed).find(
      (seed) => drawPlan(seed).load.callers === 'client',
    )
    let known = 0
    const { failed, acknowledged } = await runInSimulation(
      tally,
      {
        turn: async ({ commands, queries }) => {
          const before = await queries.count()
          expect(await commands.add()).toBeGreaterThan(before)
          known += 1
        },
        check: async (queries) => ((await queries.count()) >= known ? null : `${known} were counted`),
      },
      {
        subject: subject({ name: 'raft', protocol: () => raft(), gateway: productGateway }),
        settled,
        firstSeed: seedOfClients ?? 0,
        seeds: 1,
        safetyMs: 3_000,
      },
    )
    expect(failed).toBeNull()
    expect(acknowledged).toBeGreaterThan(10)
    expect(known).toBeLessThanOrEqual(acknowledged)
  })
})
