import { encodeEnvelope, nodeId, position } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { ClockKeeper } from '../src/clock-keeper.js'
import { ClusterClock } from '../src/cluster-clock.js'
import { ReplicatedState } from '../src/replicated-state.js'
import { alarm } from './alarm.js'
import { still } from './snapshots/places.js'

const self = nodeId('n1')

/** A leader whose alarm was set, and whose `clock` commands are applied, or come to nothing. */
function leading(inMs: number) {
  const time = still()
  const clock = new ClusterClock(time.environment)
  const state = new ReplicatedState(alarm.create(), clock)
  let at = 0
  const apply = (kind: 'command' | 'clock', command: Uint8Array = new Uint8Array()): void => {
    at += 1
    const place = {
      session: position(0),
      sessionNonce: new Uint8Array(16),
      sessionSequence: 0,
      lowestUnacknowledged: 0,
    }
    const { codec } = alarm
    const envelope = {
      kind,
      codec,
      cluster: new Uint8Array(16),
      machineVersion: 1,
      ...place,
      ...clock.stamps(),
      command,
    }
    state.apply(encodeEnvelope(envelope), position(at))
    keeper.onApplied()
  }
  const proposedMs: number[] = []
  let isLost = false
  const keeper: ClockKeeper = new ClockKeeper({
    environment: time.environment,
    state,
    timing: { heartbeatMs: 50, patienceMs: 200 },
    commitMs: 500,
    propose: () => {
      proposedMs.push(clock.now())
      if (!isLost) apply('clock')
    },
    isShort: () => false,
    fail: (error) => {
      throw error
    },
  })
  const lead = (epoch: number): void => {
    clock.onLeadership({ leader: self, epoch }, self)
    clock.onApplied(epoch)
    keeper.onLeadership(true)
  }
  lead(1)
  apply('command', alarm.commands.set.encode({ inMs }))
  const rang = (): boolean => alarm.queries.rang.decodeResult(state.machine.query(alarm.queries.rang.encode()))
  /** How often time was told within the next `ms` milliseconds. */
  const toldWithin = async (ms: number): Promise<number> => {
    const before = proposedMs.length
    await time.pass(ms)
    return proposedMs.length - before
  }
  return { clock, keeper, lead, rang, toldWithin, lose: (isSo: boolean) => void (isLost = isSo) }
}

test('D12: time that was told in vain is told again after a while, and afterwards as often as before', async () => {
  const { keeper, rang, toldWithin, lose } = leading(20_000)
  for (let times = 0; times < 2; times += 1) {
    expect(await toldWithin(1_000)).toBe(10)
    lose(true)
    // Each is given the shortest election timeout before the next: 200 ms.
    const inVain = await toldWithin(5_000)
    expect([inVain >= 4, inVain <= 25]).toEqual([true, true])
    lose(false)
    await toldWithin(1_100)
  }
  expect(await toldWithin(1_000)).toBe(10)
  keeper.stop()
  expect(rang()).toBe(false)
})

test('D12: an alarm that was told to nobody rings when somebody hears it, and then nothing is told any more', async () => {
  const { rang, toldWithin, lose } = leading(1_000)
  await toldWithin(900)
  lose(true)
  await toldWithin(4_000)
  expect(rang()).toBe(false)
  lose(false)
  await toldWithin(1_100)
  expect(rang()).toBe(true)
  expect(await toldWithin(60_000)).toBe(0)
})

test('D12: whoever leads again tells time again, as often as that happens', async () => {
  const { clock, keeper, lead, toldWithin, lose } = leading(60_000)
  for (let epoch = 2; epoch <= 8; epoch += 2) {
    expect(await toldWithin(1_000)).toBe(10)
    lose(true)
    await toldWithin(150)
    clock.onLeadership({ leader: nodeId('n2'), epoch }, self)
    keeper.onLeadership(false)
    expect(await toldWithin(100)).toBe(0)
    lose(false)
    lead(epoch + 1)
    expect(await toldWithin(100)).toBe(1)
  }
  keeper.stop()
})
