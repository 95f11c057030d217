import { position } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { LeaderWatch } from '../src/leader-watch.js'
import { ActedReplica } from './members.js'

const { signal } = new AbortController()

function leaderless(): ActedReplica {
  const replica = new ActedReplica(() => Promise.resolve({ position: position(1), result: new Uint8Array() }))
  replica.lead(null)
  return replica
}

test('who waits for a leader goes on when one is found', async () => {
  const replica = leaderless()
  const watch = new LeaderWatch(replica)
  await expect(watch.whenLed(1, signal)).rejects.toMatchObject({ code: 'NO_LEADER', outcome: 'notDone' })
  const waiting = Promise.all([watch.whenLed(60_000, signal), watch.whenLed(60_000, signal)])
  await Promise.resolve()
  replica.lead('n2')
  await waiting
  await watch.whenLed(1, signal)
  replica.lead(null)
  await expect(watch.whenLed(1, signal)).rejects.toMatchObject({ code: 'NO_LEADER' })
})

test('who waits for a leader and is given up goes on at once', async () => {
  const controller = new AbortController()
  const waiting = new LeaderWatch(leaderless()).whenLed(60_000, controller.signal)
  await Promise.resolve()
  controller.abort()
  await waiting
})
