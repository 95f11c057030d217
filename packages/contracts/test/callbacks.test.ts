import { expect, test } from 'vitest'
import { callGuarded, guardedLogger, loggerSchema, onAborted, refusePromise, type Logger } from '../src/index.js'

test('what a callback throws and what its promise is rejected with are told alike', async () => {
  const errors: unknown[] = []
  const note = (error: unknown): void => void errors.push(error)
  callGuarded(() => {
    throw new Error('thrown')
  }, note)
  callGuarded(() => Promise.reject(new Error('rejected')), note)
  callGuarded(
    () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error('of another make')) }),
    note,
  )
  callGuarded(() => 5, note)
  await Promise.resolve()
  expect(errors.map(String)).toEqual(['Error: thrown', 'Error: of another make', 'Error: rejected'])
})

test('a promise is refused where a value has to be, and its rejection ends nothing', () => {
  expect(() => refusePromise(Promise.reject(new Error('late')), 'it')).toThrow('it returned a promise')
  expect(() => refusePromise({ then: 5 }, 'it')).not.toThrow()
})

test('D39: a logger that throws, or rejects, stops nothing', () => {
  const said: string[] = []
  const rejecting = (message: string): void => {
    said.push(message)
    return Promise.reject(new Error('nobody takes logs now')) as unknown as void
  }
  class Careless implements Logger {
    readonly name = 'careless'
    debug(_: object, message: string): void {
      said.push(`${this.name} ${message}`)
      throw new Error('the disk of the log is full')
    }
    info(_: object, message: string): void {
      return rejecting(`${this.name} ${message}`)
    }
    warn(_: object, message: string): void {
      return rejecting(`${this.name} ${message}`)
    }
    error(_: object, message: string): void {
      this.debug(_, message)
    }
  }
  for (const logger of [guardedLogger(new Careless()), loggerSchema.parse(new Careless())]) {
    for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]({}, level)
  }
  expect(said.slice(0, 4)).toEqual(['careless debug', 'careless info', 'careless warn', 'careless error'])
  expect(said).toHaveLength(8)
})

/** A signal that counts who listens to it. */
function countedSignal() {
  const controller = new AbortController()
  const listeners = new Set<() => void>()
  let listenersMax = 0
  const signal = {
    get aborted(): boolean {
      return controller.signal.aborted
    },
    get reason(): unknown {
      return controller.signal.reason as unknown
    },
    addEventListener(_: 'abort', listener: () => void) {
      listeners.add(listener)
      listenersMax = Math.max(listenersMax, listeners.size)
      controller.signal.addEventListener('abort', listener)
    },
    removeEventListener(_: 'abort', listener: () => void) {
      listeners.delete(listener)
      controller.signal.removeEventListener('abort', listener)
    },
  }
  return { signal, controller, count: () => listeners.size, countMax: () => listenersMax }
}

test('a signal that a thousand calls share is listened to once, and each call hears of it once', () => {
  const { signal, controller, count, countMax } = countedSignal()
  const heard: number[] = []
  const off = Array.from({ length: 1_000 }, (_, at) => onAborted(signal, () => heard.push(at)))
  off[3]?.()
  off[3]?.()
  controller.abort()
  expect(countMax()).toBe(1)
  expect(count()).toBe(0)
  expect(heard).toEqual(Array.from({ length: 1_000 }, (_, at) => at).filter((at) => at !== 3))
  for (const each of off) each()
  expect(heard).toHaveLength(999)
})

test('nothing is left at a signal when the last call has ended, and the next one is heard again', () => {
  const { signal, controller, count } = countedSignal()
  let heard = 0
  const one = (): void => void (heard += 1)
  const [first, second] = [onAborted(signal, one), onAborted(signal, one)]
  first()
  expect(count()).toBe(1)
  second()
  expect(count()).toBe(0)
  onAborted(signal, one)
  second()
  expect(count()).toBe(1)
  controller.abort()
  expect(heard).toBe(1)
})

test('a call that ends others while they are told of the signal keeps them from hearing of it', () => {
  const { signal, controller } = countedSignal()
  const heard: string[] = []
  const off: (() => void)[] = []
  onAborted(signal, () => {
    heard.push('first')
    off[0]?.()
  })
  off.push(onAborted(signal, () => heard.push('second')))
  onAborted(signal, () => heard.push('third'))
  controller.abort()
  expect(heard).toEqual(['first', 'third'])
})
