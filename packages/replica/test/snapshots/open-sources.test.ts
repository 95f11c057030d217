import type { Environment, SnapshotSource } from '@quorate/contracts'
import { position } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, test } from 'vitest'
import { OpenSources } from '../../src/snapshots/open-sources.js'

const idleMs = 60_000

/** Time that stands still, and timers that run when they are told to. */
function handMade(): { environment: Environment; clock: { nowMs: number }; timers: (() => void)[] } {
  const clock = { nowMs: 0 }
  const timers: (() => void)[] = []
  const environment: Environment = {
    ...nodeEnvironment(),
    monotonicMs: () => clock.nowMs,
    setTimer: (_, run) => {
      timers.push(run)
      return () => void timers.splice(timers.indexOf(run), 1)
    },
  }
  return { environment, clock, timers }
}

// 0.1 + 60,000 is a little less in floating point than it is: 60,000 less than that was before 0.1.
test.each([0.1, 1 / 3, 0.7, 1.1, 5])(
  'an image used at %d ms is closed when its time is over, to the last bit',
  async (usedAtMs) => {
    const { environment, clock, timers } = handMade()
    let closed = 0
    const source = { close: async () => void (closed += 1) } as unknown as SnapshotSource
    const sources = new OpenSources(environment, { openSnapshot: async () => source }, { sourcesMax: 2, idleMs })
    clock.nowMs = usedAtMs
    await sources.read(position(3), async () => 'read')
    expect(timers).toHaveLength(1)
    clock.nowMs = usedAtMs + idleMs
    timers.shift()?.()
    expect(closed).toBe(1)
    expect(timers).toHaveLength(0)
  },
)
