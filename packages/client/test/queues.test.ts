import { nodeHttp } from '@quorate/client/node'
import type { Environment } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, test } from 'vitest'
import {
  clientOf,
  fakeMember,
  hang,
  inTurn,
  plainClientOf,
  refuse,
  steadyEnvironment,
  succeed,
} from './fake-members.js'

test('queries that wait for a connection to a member that hangs go to another one', async () => {
  const [silent, other] = [await fakeMember(hang), await fakeMember(succeed(4))]
  const http = nodeHttp({ connectionsMax: 2 })
  const client = clientOf([silent.address, other.address], { http, attemptTimeoutMs: 1_000, timeoutMs: 20_000 })
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.queries.value()))
  expect(answers).toEqual(answers.map(() => 4))
  expect(silent.asked.length).toBeLessThanOrEqual(2)
})

test('without a session, a command that waits for a connection was not sent, and goes to another member', async () => {
  const [silent, other] = [await fakeMember(hang), await fakeMember(succeed(4))]
  const http = nodeHttp({ connectionsMax: 1 })
  const client = plainClientOf([silent.address, other.address], { http, attemptTimeoutMs: 20, timeoutMs: 20_000 })
  const controller = new AbortController()
  const hanging = client.commands.add({ by: 1 }, { signal: controller.signal })
  expect(await client.commands.add({ by: 2 })).toBe(4)
  controller.abort()
  await expect(hanging).rejects.toMatchObject({ code: 'ABORTED', outcome: 'unknown' })
  expect([silent.asked.length, other.asked.length]).toEqual([1, 1])
})

test('the time for an attempt doubles to what a timer can take, and no further', async () => {
  const longestMs = 2 ** 31 - 1
  const member = await fakeMember(inTurn(refuse('OVERLOADED'), refuse('OVERLOADED'), succeed(3)))
  const steady = steadyEnvironment()
  const set: number[] = []
  const setTimer: Environment['setTimer'] = (delayMs, callback) => {
    set.push(delayMs)
    return nodeEnvironment().setTimer(Math.min(delayMs, longestMs), callback)
  }
  const client = plainClientOf([member.address], { environment: { ...steady, setTimer }, attemptTimeoutMs: longestMs })
  expect(await client.queries.value()).toBe(3)
  expect(member.asked).toHaveLength(3)
  expect(Math.max(...set)).toBe(longestMs)
})
