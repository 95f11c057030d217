import { expect, test } from 'vitest'
import { Stalls } from '../src/health/stalls.js'
import { still } from './snapshots/places.js'

/** Stalls above 50 ms, and a loop that has not looked at the clock for as long as is said. */
function stallsOf() {
  const time = still()
  let unseenMs = 0
  const stalls = new Stalls(time.environment, 50, () => unseenMs)
  return { time, stalls, unseen: (ms: number) => void (unseenMs = ms) }
}

test('of an interval, the part that fell into stalls is counted, each once', async () => {
  const { time, stalls } = stallsOf()
  await time.pass(1_000)
  stalls.onSeen(300)
  await time.pass(200)
  stalls.onSeen(100)
  await time.pass(50)
  expect([50, 100, 250, 350, 10_000].map((ms) => stalls.within(ms))).toEqual([0, 50, 100, 200, 400])
  expect(stalls.within(10_000, 200)).toBe(300)
  expect(stalls.totalMs).toBe(400)
})

test('one that the loop has not seen yet counts, and once it has, not twice', async () => {
  const { time, stalls, unseen } = stallsOf()
  await time.pass(1_000)
  unseen(400)
  expect([stalls.within(500), stalls.within(100), stalls.totalMs]).toEqual([400, 100, 400])
  unseen(0)
  stalls.onSeen(400)
  expect([stalls.within(500), stalls.totalMs]).toEqual([400, 400])
})

test('short ones are the business of a process that works, and are no stalls', async () => {
  const { time, stalls, unseen } = stallsOf()
  await time.pass(1_000)
  stalls.onSeen(50)
  unseen(50)
  expect([stalls.within(1_000), stalls.totalMs]).toEqual([0, 0])
})
