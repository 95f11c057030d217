import { defineMachine } from '@quorate/machine'
import { raft } from '@quorate/raft'
import { runInSimulation, subject, type Workload } from '@quorate/simulator'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { settled } from '@quorate/simulator/node'

const options = { subject: subject({ name: 'raft', protocol: () => raft() }), settled, seeds: 6, safetyMs: 3_000 }

/** A purse; `draw` pays out by dice that `throwDice` gives. */
const purse = (throwDice: (own: { nextInt(below: number): number }) => number) =>
  defineMachine({
    name: 'purse',
    version: 1,
    initial: () => ({ coins: 0 }),
    commands: {
      put: { input: z.int(), apply: (state, coins) => (state.coins += coins) },
      set: { input: z.int(), apply: (state, coins) => (state.coins = coins) },
      draw: { apply: (state, _, { random }) => (state.coins += throwDice(random)) },
    },
    queries: { coins: { read: (state) => state.coins } },
  })

const sound = purse((random) => random.nextInt(6))
const unsound = purse(() => Math.floor(Math.random() * 6))

/** What callers know that they have put in, and what they do not know. */
function accounts() {
  return { certain: 0, perhaps: 0 }
}

describe('a machine of somebody else', () => {
  test('that is sound is told so', async () => {
    const { failed, runs, acknowledged } = await runInSimulation(
      sound,
      { turn: async ({ commands }) => void (await commands.draw()) },
      options,
    )
    expect(failed).toBeNull()
    expect([runs, acknowledged > 50]).toEqual([6, true])
  })

  test('that throws dice of its own is found out: members come to different states', async () => {
    const { failed } = await runInSimulation(
      unsound,
      { turn: async ({ commands }) => void (await commands.draw()) },
      options,
    )
    expect(failed?.violation).toMatch(
      /computes another result of the command "draw" at \d+ than others.*checkDeterminism|have different states at position \d+/,
    )
  })

  test('that hides what it throws is found out in the end: the place in the state, and the last commands, are named', async () => {
    const secretive = defineMachine({
      name: 'drawers',
      version: 1,
      initial: () => ({ drawers: new Map([['top', { coins: 0 }]]) }),
      commands: {
        hide: {
          apply: ({ drawers }) => {
            const top = drawers.get('top')
            if (top) top.coins += Math.floor(Math.random() * 1_000)
          },
        },
      },
      queries: {},
    })
    const { failed } = await runInSimulation(
      secretive,
      { turn: async ({ commands }) => commands.hide() },
      { ...options, seeds: 1 },
    )
    const [, left, right] =
      /have different states at position \d+: state\.drawers\.get\("top"\)\.coins is (\d+) in the one and (\d+) in the other; /.exec(
        failed?.violation ?? '',
      ) ?? []
    expect(left).not.toBe(right)
    expect(failed?.violation).toContain('checkDeterminism: true in the definition of machine "drawers"')
    expect(failed?.violation).toMatch(/the last ones being "hide" at \d+, "hide" at \d+/)
  })

  test('whose callers read, add and write is found to lose updates; the same seed finds it again', async () => {
    let known = accounts()
    const careless: Workload<typeof sound> = {
      turn: async ({ commands, queries }) => {
        const before = await queries.coins()
        await commands.set(before + 1)
        known.certain += 1
      },
      check: async (queries) => {
        const [coins, { certain }] = [await queries.coins(), known]
        known = accounts()
        return coins >= certain ? null : `${certain} coins were put in, and there are ${coins}`
      },
    }
    const { failed } = await runInSimulation(sound, careless, options)
    expect(failed?.violation).toMatch(/\d+ coins were put in, and there are \d+/)
    const again = await runInSimulation(sound, careless, { ...options, firstSeed: failed?.seed ?? 0, seeds: 1 })
    expect(again.failed).toEqual(failed)
  })

  test('that adds in one command loses none', async () => {
    let known = accounts()
    const { failed } = await runInSimulation(
      sound,
      {
        turn: async ({ commands }) => {
          known.perhaps += 1
          await commands.put(1)
          known.certain += 1
        },
        check: async (queries) => {
          const [coins, { certain, perhaps }] = [await queries.coins(), known]
          known = accounts()
          return certain <= coins && coins <= perhaps ? null : `${coins} is not between ${certain} and ${perhaps}`
        },
      },
      options,
    )
    expect(failed).toBeNull()
  })

  test('a mistake of the workload itself is what the run ends with', async () => {
    const mistake = { turn: async () => Promise.reject(new RangeError('a mistake')) }
    const { failed } = await runInSimulation(sound, mistake, { ...options, seeds: 1 })
    expect(failed?.violation).toMatch(/a mistake|acknowledged 0 commands/)
  })
})
