import { InvariantViolation, type Environment, type Input, type Protocol } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { Loop, type LoopEffects } from '../src/loop.js'

type Step = Input<never, never>

/** A protocol that only writes down what it was told. */
function recorder(steps: Step[], onStep: (input: Step) => void = () => {}): Protocol<never, never> {
  return {
    step(input) {
      steps.push(input)
      onStep(input)
    },
    hasReady: () => false,
    takeReady: () => {
      throw new Error('nothing is ready')
    },
    snapshotMeta: () => null,
    describe: () => null,
    progress: () => [],
    exportState: () => new Uint8Array(),
  }
}

/** Time that stands still until it is moved, and turns that come when they are given. */
class StillTime implements Environment {
  nowMs = 0
  #turns: (() => void)[] = []

  monotonicMs(): number {
    return this.nowMs
  }

  wallMs(): number {
    return this.nowMs
  }

  setTimer(): () => void {
    return () => {}
  }

  yieldTurn(): Promise<void> {
    return new Promise((resolve) => this.#turns.push(resolve))
  }

  randomBytes(count: number): Uint8Array {
    return new Uint8Array(count)
  }

  async turn(): Promise<void> {
    for (const resolve of this.#turns.splice(0)) resolve()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const limits = { tickMs: 10, mailboxInputsMax: 4 }
const effects: LoopEffects<never> = {
  carryOut: () => {},
  onMissed: () => {},
  onClockBack: () => {},
  fail: () => {},
}

test('D1: a stall is one tick with the count of those it swallowed, fed before what waited meanwhile', async () => {
  const steps: Step[] = []
  const time = new StillTime()
  const loop = new Loop(recorder(steps), time, limits, effects)
  loop.start()
  await time.turn()
  expect(steps).toEqual([])
  loop.post({ kind: 'linkDown', peer: 'n2' as never, gone: false })
  time.nowMs = 1_004
  await time.turn()
  expect(steps).toEqual([
    { kind: 'tick', missed: 99 },
    { kind: 'linkDown', peer: 'n2', gone: false },
  ])
  time.nowMs = 1_010
  loop.post({ kind: 'linkDown', peer: 'n3' as never, gone: false })
  await time.turn()
  expect(steps[2]).toEqual({ kind: 'tick', missed: 0 })
})

test('D37: a full mailbox refuses what may be refused, requests before messages, and takes what must not be lost', async () => {
  const steps: Step[] = []
  const time = new StillTime()
  const loop = new Loop(recorder(steps), time, limits, effects)
  loop.start()
  const offer = (): boolean => loop.offer({ kind: 'readBarrier', token: 1 as never })
  expect([offer(), offer(), offer(), offer()], 'requests leave a quarter').toEqual([true, true, true, false])
  const receive = (): boolean => loop.offer({ kind: 'receive', from: 'n2' as never, message: null as never })
  expect([receive(), receive(), offer()]).toEqual([true, false, false])
  loop.post({ kind: 'persisted', sequence: 1 as never })
  await time.turn()
  expect(steps.map(({ kind }) => kind)).toEqual([...Array<string>(3).fill('readBarrier'), 'receive', 'persisted'])
  expect(offer()).toBe(true)
})

test('D36: a broken invariant reaches the driver, and nothing is stepped after the loop was stopped', async () => {
  const steps: Step[] = []
  const failures: unknown[] = []
  const time = new StillTime()
  const broken = new InvariantViolation('two leaders in one term')
  const protocol = recorder(steps, () => {
    throw broken
  })
  const loop: Loop<never, never> = new Loop(protocol, time, limits, {
    ...effects,
    fail: (error) => {
      failures.push(error)
      loop.stop()
    },
  })
  loop.start()
  loop.post({ kind: 'persisted', sequence: 1 as never })
  loop.post({ kind: 'persisted', sequence: 2 as never })
  await time.turn()
  loop.post({ kind: 'persisted', sequence: 3 as never })
  await time.turn()
  expect(failures).toEqual([broken])
  expect(steps.length).toBe(1)
})

test('a monotonic clock that goes back is told, and ticks go on from there', async () => {
  const steps: Step[] = []
  const back: number[] = []
  const time = new StillTime()
  const loop = new Loop(recorder(steps), time, limits, { ...effects, onClockBack: (ms) => back.push(ms) })
  time.nowMs = 1_000
  loop.start()
  await time.turn()
  time.nowMs = 400
  loop.post({ kind: 'persisted', sequence: 1 as never })
  await time.turn()
  time.nowMs = 410
  loop.post({ kind: 'persisted', sequence: 2 as never })
  await time.turn()
  expect(back).toEqual([600])
  expect(steps.filter(({ kind }) => kind === 'tick')).toEqual([{ kind: 'tick', missed: 0 }])
})
