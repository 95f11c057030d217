import { seededRandom } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { virtualTime } from '../src/index.js'

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('timers run at their moment, those of one moment in the order in which they were set', async () => {
  const time = virtualTime({ settled })
  const random = seededRandom(7)
  const log: [number, number][] = []
  const expected: [number, number][] = []
  for (let each = 0; each < 500; each += 1) {
    const delayMs = random.nextInt(50)
    expected.push([delayMs, each])
    time.environment.setTimer(delayMs, () => log.push([time.environment.monotonicMs(), each]))
  }
  await time.pass(100)
  expect(log).toEqual(expected.sort(([a, x], [b, y]) => a - b || x - y))
  expect(time.environment.monotonicMs()).toBe(100)
})

test('a cancelled timer does not run, and time does not stop at it', async () => {
  const time = virtualTime({ settled })
  const log: string[] = []
  const cancel = time.environment.setTimer(5, () => log.push('cancelled'))
  time.environment.setTimer(9, () => log.push('kept'))
  cancel()
  expect(await time.until(() => log.length > 0, 100)).toBe(true)
  expect([log, time.environment.monotonicMs()]).toEqual([['kept'], 9])
})

test('a promise goes on before the next thing that is due', async () => {
  const time = virtualTime({ settled })
  const log: string[] = []
  void time.environment.yieldTurn().then(async () => {
    await Promise.resolve()
    log.push('after the turn')
  })
  time.environment.setTimer(0, () => log.push('timer'))
  await time.pass(0)
  expect(log).toEqual(['after the turn', 'timer'])
  expect(time.turns()).toBe(1)
})

test('equal seeds give equal dice', () => {
  const dice = (seed: number): Uint8Array => virtualTime({ settled, seed }).environment.randomBytes(8)
  expect(dice(3)).toEqual(dice(3))
  expect(dice(3)).not.toEqual(dice(4))
})
