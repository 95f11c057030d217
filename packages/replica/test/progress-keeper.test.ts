import { virtualTime } from '@quorate/conformance'
import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, test } from 'vitest'
import { ProgressKeeper } from '../src/progress-keeper.js'

test('what peers have vouched for is kept again and again, but not on a disk that is short of room; a failure is told', async () => {
  const time = virtualTime({ settled: () => nodeEnvironment().yieldTurn(), seed: 1 })
  const storage: { pressure: 'none' | 'low' } = { pressure: 'none' }
  const failures: unknown[] = []
  let kept = 0
  let failsWith: Error | null = null
  const keeper = new ProgressKeeper({
    environment: time.environment,
    storage,
    identity: {
      keep: () => {
        kept += 1
        return failsWith ? Promise.reject(failsWith) : Promise.resolve()
      },
    },
    fail: (error) => failures.push(error),
  })
  keeper.start()
  await time.pass(10_500)
  expect(kept).toBe(2)
  storage.pressure = 'low'
  await time.pass(10_000)
  expect(kept).toBe(2)
  storage.pressure = 'none'
  failsWith = new Error('EIO')
  await time.pass(5_000)
  expect([kept, failures]).toEqual([3, [failsWith]])
  keeper.stop()
  await time.pass(20_000)
  expect(kept).toBe(3)
})
