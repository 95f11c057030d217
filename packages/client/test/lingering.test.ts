import { nodeEnvironment } from '@quorate/contracts/node'
import type { HttpCall, HttpPort } from '@quorate/client'
import { expect, test } from 'vitest'
import { clientOf } from './fake-members.js'

/** Time in which what is still to come is counted, and HTTP that never answers and counts what was not given up. */
function counted() {
  const [timers, requests] = [new Set<object>(), new Set<object>()]
  const environment = {
    ...nodeEnvironment(),
    randomBytes: (count: number) => new Uint8Array(count),
    setTimer: (delayMs: number, run: () => void) => {
      const timer = {}
      timers.add(timer)
      const cancel = nodeEnvironment().setTimer(delayMs, () => {
        timers.delete(timer)
        run()
      })
      return () => {
        timers.delete(timer)
        cancel()
      }
    },
  }
  const http: HttpPort = {
    send: (call: HttpCall) => {
      call.onSent()
      requests.add(call)
      return { answer: new Promise(() => {}), cancel: () => void requests.delete(call) }
    },
    close: async () => {},
  }
  return { environment, http, left: () => [timers.size, requests.size], asked: () => requests.size }
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await nodeEnvironment().yieldTurn()
}

test('nothing outlives the last caller: the opening of a session that nobody waits for is given up', async () => {
  const { environment, http, left, asked } = counted()
  const client = clientOf(['127.0.0.1:1'], { environment, http, timeoutMs: 600_000 })
  const [one, other] = [new AbortController(), new AbortController()]
  const first = client.commands.add({ by: 1 }, { signal: one.signal }).catch((error: unknown) => error)
  const second = client.commands.add({ by: 1 }, { signal: other.signal }).catch((error: unknown) => error)
  await until(() => asked() === 1)
  one.abort()
  expect(await first).toMatchObject({ code: 'ABORTED', outcome: 'notDone' })
  expect(asked(), 'the other one still waits for it').toBe(1)
  other.abort()
  expect(await second).toMatchObject({ code: 'ABORTED', outcome: 'notDone' })
  expect(left()).toEqual([0, 0])
  const third = client.commands.add({ by: 1 }, { timeoutMs: 1 }).catch((error: unknown) => error)
  expect(await third).toMatchObject({ outcome: 'notDone' })
  expect(left()).toEqual([0, 0])
})

test('nothing outlives a query and a question for the status either', async () => {
  const { environment, http, left } = counted()
  const client = clientOf(['127.0.0.1:1'], { environment, http })
  for (const call of [client.queries.value({ timeoutMs: 1 }), client.status(undefined, { timeoutMs: 1 })]) {
    await expect(call).rejects.toMatchObject({ outcome: 'notDone' })
  }
  expect(left()).toEqual([0, 0])
})
