import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, test } from 'vitest'
import { exactlyOnce } from './exactly-once/run.js'

test('D11, F-29: 10,000 increments of one client, through 20 leaders that die, with time-outs and retries, are exactly 10,000', async () => {
  const load = { increments: 10_000, kills: 20 }
  const { value, retries } = await exactlyOnce(17, load, () => nodeEnvironment().yieldTurn())
  expect(value).toBe(10_000)
  expect(retries).toBeGreaterThan(20)
}, 120_000)
