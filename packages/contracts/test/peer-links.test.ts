import { expect, test } from 'vitest'
import { DialledLink, seededRandom, type DialEvents, type Dialled, type Environment } from '../src/index.js'

/** Timers that run when the test says so. */
function timers() {
  let nowMs = 0
  let pending: { readonly delayMs: number; readonly run: () => void }[] = []
  const environment: Environment = {
    monotonicMs: () => nowMs,
    wallMs: () => 0,
    yieldTurn: async () => {},
    randomBytes: (count) => new Uint8Array(count),
    setTimer: (delayMs, run) => {
      const timer = { delayMs, run }
      pending.push(timer)
      return () => {
        pending = pending.filter((other) => other !== timer)
      }
    },
  }
  return {
    environment,
    /** Runs the only timer that waits, and returns what it waited for. */
    runNext: (): number => {
      expect(pending).toHaveLength(1)
      const [next] = pending.splice(0)
      next?.run()
      return next?.delayMs ?? -1
    },
    waiting: () => pending.length,
    pass: (ms: number) => void (nowMs += ms),
  }
}

/** A link whose dials end as the test says, and what it has reported. */
function link(address: string, dial: (events: DialEvents) => Dialled | string) {
  const clock = timers()
  const reports: string[] = []
  const made = new DialledLink(address, {
    environment: clock.environment,
    random: { nextInt: () => 0, fork: () => seededRandom(1), state: () => '' },
    reconnectMinMs: 10,
    reconnectMaxMs: 40,
    dial,
    onLink: (state, reason) => void reports.push(`${state}: ${reason}`),
  })
  return { clock, reports, made }
}

const connection: Dialled = { send: () => 'queued', close: () => {} }

test('a dial that says why there can be no connection is tried again, after pauses that grow, and reported once', () => {
  let refusals = 4
  const { clock, reports, made } = link('127.0.0.1:1', (events) => {
    if ((refusals -= 1) >= 0) return 'the directory of peers cannot be read'
    events.onUp()
    return connection
  })
  expect(made.send('log', new Uint8Array())).toBe('dropped')
  const waited = Array.from({ length: 8 }, () => clock.runNext())
  expect(waited).toEqual([0, 5, 0, 10, 0, 20, 0, 20])
  expect(reports).toEqual(['down: the directory of peers cannot be read', 'up: connected to 127.0.0.1:1'])
  expect(made.send('log', new Uint8Array())).toBe('queued')
  expect(clock.waiting()).toBe(0)
})

test('a link that was closed dials no more', () => {
  const { clock, made } = link('127.0.0.1:1', () => 'not now')
  expect(clock.runNext()).toBe(0)
  made.close()
  expect(clock.waiting()).toBe(0)
})

test('an address that is none is reported, and never dialled', () => {
  const { clock, reports } = link('nowhere', () => {
    throw new Error('an address that is none was dialled')
  })
  expect(clock.runNext()).toBe(0)
  expect(reports).toEqual(['down: "nowhere" is no address like "127.0.0.1:7001"'])
  expect(clock.waiting()).toBe(0)
})

test('a link that breaks again and again is dialled at once, with pauses from the shortest on, and carries frames each time', () => {
  const dials: DialEvents[] = []
  const { clock, reports, made } = link('127.0.0.1:1', (events) => {
    dials.push(events)
    return connection
  })
  const end = () => dials.at(-1)?.onEnd({ state: 'down', reason: 'broken' })
  for (let times = 1; times <= 3; times += 1) {
    const dialled = dials.length
    for (const pauseMs of [5, 10, 20]) {
      end()
      expect(made.send('log', new Uint8Array())).toBe('dropped')
      expect(clock.runNext()).toBe(pauseMs)
    }
    expect(dials.length).toBe(dialled + 3)
    dials.at(-1)?.onUp()
    expect(made.send('log', new Uint8Array())).toBe('queued')
    clock.pass(10)
    end()
    // Without a pause, because it has endured.
    expect([dials.length, clock.waiting()]).toEqual([dialled + 4, 0])
  }
  dials.at(-1)?.onUp()
  expect(made.send('log', new Uint8Array())).toBe('queued')
  const once = ['down: broken', 'up: connected to 127.0.0.1:1']
  expect(reports).toEqual([...once, ...once, ...once, ...once])
  made.close()
})

test('a link that is woken goes on like any other when it breaks the next time', () => {
  let refusals = 3
  const { clock, made } = link('127.0.0.1:1', (events) => {
    if ((refusals -= 1) >= 0) return 'not now'
    events.onUp()
    return connection
  })
  expect([clock.runNext(), clock.runNext(), clock.runNext()]).toEqual([0, 5, 0])
  for (let times = 0; times < 2; times += 1) {
    made.wake()
    expect(clock.waiting()).toBe(times === 0 ? 1 : 0)
    if (times === 0) expect([clock.runNext(), clock.waiting()]).toEqual([0, 1])
  }
  expect(made.send('log', new Uint8Array())).toBe('queued')
})
