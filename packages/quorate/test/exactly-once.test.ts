import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, test } from 'vitest'
import { exactlyOnce } from './exactly-once/run.js'

const settled = (): Promise<void> => nodeEnvironment().yieldTurn()

test('D11, F-29: 10,000 increments of one client over HTTP, through 20 leaders that die, with time-outs and retries, are exactly 10,000', async () => {
  const { value, retries } = await exactlyOnce(17, { increments: 10_000, kills: 20 }, settled)
  expect(value).toBe(10_000)
  expect(retries).toBeGreaterThan(20)
}, 120_000)

test('the same seed gives the same run', async () => {
  const run = () => exactlyOnce(18, { increments: 300, kills: 3 }, settled)
  expect(await run()).toEqual(await run())
})
