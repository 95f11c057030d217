import { clusterTime, nodeId, type Environment } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, test } from 'vitest'
import { clockStepMsMax, ClusterClock } from '../src/cluster-clock.js'

const [self, other] = [nodeId('n1'), nodeId('n2')]

class TestClock extends ClusterClock {
  readonly now_: { monotonicMs: number; wallMs: number }

  constructor() {
    const now = { monotonicMs: 5_000, wallMs: 1_000_000 }
    const environment: Environment = {
      ...nodeEnvironment(),
      monotonicMs: () => now.monotonicMs,
      wallMs: () => now.wallMs,
    }
    super(environment)
    this.now_ = now
  }

  pass(ms: number): void {
    this.now_.monotonicMs += ms
  }

  follow(epoch: number): void {
    this.onLeadership({ leader: other, epoch }, self)
  }

  miss(epoch: number): void {
    this.onLeadership({ leader: null, epoch }, self)
  }

  /** Begins to lead, and has applied everything of earlier leaderships. */
  lead(epoch: number): void {
    this.onLeadership({ leader: self, epoch }, self)
    this.onApplied(epoch)
  }

  applyAt(ms: number): number {
    return this.apply({ clusterTime: clusterTime(ms), wallMs: 0 }).clusterTime
  }
}

test('D12: cluster time counts the milliseconds of a leader, on top of what was applied', () => {
  const clock = new TestClock()
  clock.apply({ clusterTime: clusterTime(700), wallMs: 900_000 })
  expect(clock.stamps().clusterTime).toBe(700)
  clock.pass(1_000)
  expect(clock.stamps().clusterTime).toBe(700)
  clock.lead(1)
  clock.pass(250)
  expect(clock.stamps()).toEqual({ clusterTime: 950, wallMs: 1_000_000 })
  clock.follow(2)
  expect(clock.stamps().clusterTime).toBe(700)
})

test('D12: stamps are clamped at apply, so that neither time goes back on any member', () => {
  const clock = new TestClock()
  expect(clock.apply({ clusterTime: clusterTime(500), wallMs: 2_000 })).toEqual({ clusterTime: 500, wallMs: 2_000 })
  expect(clock.apply({ clusterTime: clusterTime(400), wallMs: 1_000 })).toEqual({ clusterTime: 500, wallMs: 2_000 })
  expect(clock.apply({ clusterTime: clusterTime(501), wallMs: 1_500 })).toEqual({ clusterTime: 501, wallMs: 2_000 })
})

test('D12: a member that follows counts what passes under its leader, and goes on from there when it leads', () => {
  const clock = new TestClock()
  clock.follow(1)
  clock.applyAt(9_000)
  clock.pass(3_000)
  clock.miss(1)
  clock.pass(400)
  clock.lead(2)
  clock.pass(10)
  expect(clock.now()).toBe(12_010)
})

test('D12: a later stamp takes the place of what was counted, also if it says less', () => {
  const clock = new TestClock()
  clock.follow(1)
  clock.applyAt(1_000)
  clock.pass(500)
  clock.applyAt(1_100)
  clock.lead(2)
  expect(clock.now()).toBe(1_100)
})

test('D12: a new leader stamps nothing that it has counted before it has applied what earlier leaders stamped', () => {
  const clock = new TestClock()
  clock.follow(1)
  clock.applyAt(1_000)
  clock.pass(500)
  clock.onLeadership({ leader: self, epoch: 2 }, self)
  expect([clock.isCounting, clock.now()]).toEqual([false, 1_000])
  clock.applyAt(1_050)
  clock.onApplied(1)
  expect(clock.isCounting).toBe(false)
  clock.onApplied(2)
  clock.pass(20)
  expect([clock.isCounting, clock.now()]).toEqual([true, 1_070])
})

test('D12: a deadline of a command that was stamped with less than was counted is not early', () => {
  const clock = new TestClock()
  clock.follow(1)
  clock.applyAt(1_000)
  clock.pass(500)
  clock.onLeadership({ leader: self, epoch: 2 }, self)
  expect(clock.stamps().clusterTime).toBe(1_000)
  clock.onApplied(2)
  clock.pass(300)
  expect(clock.now()).toBe(1_300)
})

test('D12: a leadership that follows another one of the same member waits again', () => {
  const clock = new TestClock()
  clock.lead(1)
  clock.onLeadership({ leader: self, epoch: 3 }, self)
  expect(clock.isCounting).toBe(false)
  clock.onLeadership({ leader: self, epoch: 3 }, self)
  clock.onApplied(3)
  clock.onLeadership({ leader: self, epoch: 3 }, self)
  expect(clock.isCounting).toBe(true)
})

test('D12: who stood still does not count it, unless it led', () => {
  const follower = new TestClock()
  follower.follow(1)
  follower.applyAt(1_000)
  follower.pass(10_000)
  follower.onStall(9_990)
  follower.lead(2)
  expect(follower.now()).toBe(1_010)
  follower.pass(10_000)
  follower.onStall(9_990)
  expect(follower.now()).toBe(11_010)
})

test('D12: a stall that began before the last stamp takes nothing from what comes', () => {
  const clock = new TestClock()
  clock.follow(1)
  clock.pass(10_000)
  clock.applyAt(1_000)
  clock.onStall(9_990)
  clock.pass(100)
  clock.lead(2)
  expect(clock.now()).toBe(1_100)
})

test('a monotonic clock that goes back takes nothing of what was counted', () => {
  const clock = new TestClock()
  clock.lead(1)
  clock.pass(100)
  clock.pass(-60)
  expect(clock.now()).toBe(40)
  clock.onClockBack(60)
  expect(clock.now()).toBe(100)
})

test('the stamps of a snapshot take the place of what was counted', () => {
  const clock = new TestClock()
  clock.follow(1)
  clock.pass(700)
  clock.restore({ clusterTime: clusterTime(300), wallMs: 5 })
  clock.pass(50)
  clock.lead(2)
  expect([clock.now(), clock.applied.wallMs]).toEqual([350, 5])
})

test.each([1e12, Number.MAX_SAFE_INTEGER])('D12: an entry that is stamped with %d moves time by one step', (forged) => {
  const [clock, follower] = [new TestClock(), new TestClock()]
  follower.follow(1)
  clock.lead(1)
  for (const each of [clock, follower]) {
    expect(each.apply({ clusterTime: clusterTime(700), wallMs: 900 })).toEqual({ clusterTime: 700, wallMs: 900 })
    const { clusterTime: at, wallMs } = each.apply({ clusterTime: clusterTime(forged), wallMs: forged })
    expect(at).toBe(700 + clockStepMsMax)
    expect(new Date(wallMs).getTime()).toBe(wallMs)
  }
  clock.pass(10)
  expect(clock.stamps().clusterTime).toBe(710 + clockStepMsMax)
})

test('D12: a leader stamps no more than one step, and counts no more, so that no deadline is early', () => {
  const clock = new TestClock()
  clock.lead(1)
  clock.pass(3 * clockStepMsMax)
  expect(clock.stamps().clusterTime).toBe(clockStepMsMax)
  clock.pass(5)
  expect(clock.stamps().clusterTime).toBe(clockStepMsMax)
  expect(clock.applyAt(clockStepMsMax)).toBe(clockStepMsMax)
  clock.pass(5)
  expect(clock.stamps().clusterTime).toBe(clockStepMsMax + 5)
})

test('a clock that begins at the end of the numbers stands still, and throws nothing', () => {
  const clock = new TestClock()
  clock.restore({ clusterTime: clusterTime(Number.MAX_SAFE_INTEGER), wallMs: Number.MAX_SAFE_INTEGER })
  clock.lead(1)
  clock.pass(1_000)
  const stamps = clock.stamps()
  expect(clock.apply(stamps).clusterTime).toBe(Number.MAX_SAFE_INTEGER)
  clock.pass(1_000)
  expect(Number.isSafeInteger(clock.now())).toBe(true)
})
