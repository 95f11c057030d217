import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, test } from 'vitest'
import { powerCutRounds } from './power-cut/rounds.js'

const settled = (): Promise<void> => nodeEnvironment().yieldTurn()

test.each([1, 2, 3, 4])(
  'through 20 power cuts of all members nothing acknowledged is lost, applied twice, or brought back (seed %i)',
  async (seed) => {
    const { acknowledged } = await powerCutRounds(seed, 20, settled)
    expect(acknowledged).toBeGreaterThan(100)
  },
  120_000,
)

test('the same seed gives the same run', async () => {
  const run = () => powerCutRounds(5, 3, settled)
  expect(await run()).toEqual(await run())
})
