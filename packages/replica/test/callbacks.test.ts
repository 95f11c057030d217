import { getEventListeners } from 'node:events'
import { silentLogger, type Logger, type Metrics } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { solo } from '@quorate/conformance'
import { counter } from '@quorate/machine-counter'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryTransport } from '@quorate/transport-memory'
import { expect, onTestFinished, test } from 'vitest'
import { Events } from '../src/events.js'
import { createReplica, type Replica } from '../src/index.js'

const yieldTurn = (): Promise<void> => nodeEnvironment().yieldTurn()

async function alone(given: {
  readonly logger?: Logger
  readonly metrics?: Metrics
}): Promise<Replica<typeof counter>> {
  const replica = await createReplica({
    id: 'n1',
    members: { n1: '127.0.0.1:7001' },
    machine: counter,
    protocol: solo(),
    transport: memoryTransport(),
    storage: memoryStorage(),
    environment: nodeEnvironment(),
    ...given,
  })
  onTestFinished(() => replica.close())
  return replica
}

/** What a process hears of rejections that nobody handles, which end it unless somebody listens. */
function unhandled(): unknown[] {
  const seen: unknown[] = []
  const listener = (reason: unknown): void => void seen.push(reason)
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', listener)
  onTestFinished(() => {
    process.off('unhandledRejection', listener)
    for (const each of others) process.on('unhandledRejection', each)
  })
  return seen
}

test('D39: a listener whose promise rejects is logged like one that throws, and ends nothing', async () => {
  const rejections = unhandled()
  const logged: object[] = []
  const events = new Events({ ...silentLogger, error: (fields) => logged.push(fields) })
  const heard: string[] = []
  events.on('warning', async () => {
    await Promise.resolve()
    throw new Error('it came later')
  })
  events.on('warning', () => {
    throw new Error('it came at once')
  })
  events.on('warning', ({ message }) => heard.push(message))
  events.warn('BAD_FRAME', 'first')
  await yieldTurn()
  expect(heard).toEqual(['first'])
  expect(logged).toEqual([
    { event: 'warning', error: 'it came at once' },
    { event: 'warning', error: 'it came later' },
  ])
  expect(rejections).toEqual([])
})

test('D39: a logger that fails stops no member', async () => {
  const rejections = unhandled()
  const fail = (): void => Promise.reject(new Error('nobody takes logs now')) as unknown as void
  const failAtOnce = (): never => {
    throw new Error('the disk of the log is full')
  }
  const replica = await alone({ logger: { debug: fail, info: fail, warn: failAtOnce, error: fail } })
  replica.on('leadership', failAtOnce)
  expect(await replica.commands.add({ by: 1 })).toBe(1)
  await replica.close()
  await yieldTurn()
  expect(rejections).toEqual([])
})

test('a registry of metrics that fails costs numbers and a word in the log, no command and no member', async () => {
  const logged: string[] = []
  const failing = (): never => {
    throw new Error('the registry is full')
  }
  const replica = await alone({
    logger: { ...silentLogger, error: (_, message) => logged.push(message) },
    metrics: {
      counter: (name) => (name === 'quorate_calls_total' ? failing() : { add: failing }),
      histogram: () => ({ observe: failing }),
      gauge: failing,
      text: () => '',
    },
  })
  expect(await replica.commands.add({ by: 1 })).toBe(1)
  expect(await replica.queries.value()).toBe(1)
  expect((await replica.status()).state).toBe('running')
  expect(logged).toEqual(['the registry of metrics failed: some numbers are missing'])
})

test('one signal for many commands and queries is listened to once, and left alone in the end', async () => {
  const replica = await alone({})
  const controller = new AbortController()
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  const { signal } = controller
  const calls = Array.from({ length: 100 }, () => [
    replica.queries.value({ signal }),
    replica.commands.add({ by: 1 }, { signal }),
  ])
  expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1)
  await Promise.all(calls.flat())
  expect(getEventListeners(signal, 'abort').length).toBe(0)
  await yieldTurn()
  expect(warnings).toEqual([])
})
