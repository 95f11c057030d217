import { clusterTime, type Environment } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, test } from 'vitest'
import { ClusterClock } from '../src/cluster-clock.js'

function clockAt(): { clock: ClusterClock; now: { monotonicMs: number; wallMs: number } } {
  const now = { monotonicMs: 5_000, wallMs: 1_000_000 }
  const environment: Environment = {
    ...nodeEnvironment(),
    monotonicMs: () => now.monotonicMs,
    wallMs: () => now.wallMs,
  }
  return { clock: new ClusterClock(environment), now }
}

test('D12: cluster time counts the milliseconds of a leader in office, on top of what was applied', () => {
  const { clock, now } = clockAt()
  clock.apply({ clusterTime: clusterTime(700), wallMs: 900_000 })
  expect(clock.stamps().clusterTime).toBe(700)
  now.monotonicMs += 1_000
  expect(clock.stamps().clusterTime).toBe(700)
  clock.lead(true)
  now.monotonicMs += 250
  expect(clock.stamps()).toEqual({ clusterTime: 950, wallMs: 1_000_000 })
  clock.lead(false)
  now.monotonicMs += 1_000
  expect(clock.stamps().clusterTime).toBe(700)
})

test('D12: stamps are clamped at apply, so that neither time goes back on any member', () => {
  const { clock } = clockAt()
  expect(clock.apply({ clusterTime: clusterTime(500), wallMs: 2_000 })).toEqual({ clusterTime: 500, wallMs: 2_000 })
  expect(clock.apply({ clusterTime: clusterTime(400), wallMs: 1_000 })).toEqual({ clusterTime: 500, wallMs: 2_000 })
  expect(clock.apply({ clusterTime: clusterTime(501), wallMs: 1_500 })).toEqual({ clusterTime: 501, wallMs: 2_000 })
})

test('D12: a new leader that applies a later time of the one before it goes on from there', () => {
  const { clock, now } = clockAt()
  clock.lead(true)
  clock.apply({ clusterTime: clusterTime(9_000), wallMs: 0 })
  now.monotonicMs += 10
  expect(clock.stamps().clusterTime).toBe(9_010)
})
