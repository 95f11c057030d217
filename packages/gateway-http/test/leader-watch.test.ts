import { nodeId, position } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, test } from 'vitest'
import { LeaderWatch } from '../src/leader-watch.js'
import { ActedReplica } from './members.js'

const { signal } = new AbortController()
const client = { network: '127.0.0.1', isEstablished: true }

function watchOf(replica: ActedReplica, waitingMax = 10): LeaderWatch {
  const limits = { leaderTimeoutMs: 60_000, waitingMax, addressShare: 1 }
  return new LeaderWatch({ replica, environment: nodeEnvironment(), ...limits })
}

function leaderless(): ActedReplica {
  const replica = new ActedReplica(() => Promise.resolve({ position: position(1), result: new Uint8Array() }))
  replica.lead(null)
  return replica
}

test('who waits for a leader goes on when one is found', async () => {
  const replica = leaderless()
  const watch = watchOf(replica)
  await expect(watch.whenLed(1, client, signal)).rejects.toMatchObject({ code: 'NO_LEADER', outcome: 'notDone' })
  const waiting = Promise.all([watch.whenLed(60_000, client, signal), watch.whenLed(60_000, client, signal)])
  await Promise.resolve()
  replica.lead('n2')
  await waiting
  expect(await watch.whenLed(1, client, signal)).toBe(1)
  replica.lead(null)
  await expect(watch.whenLed(1, client, signal)).rejects.toMatchObject({ code: 'NO_LEADER' })
})

test('who waits for a leader and is given up goes on at once', async () => {
  const controller = new AbortController()
  const waiting = watchOf(leaderless()).whenLed(60_000, client, controller.signal)
  await Promise.resolve()
  controller.abort()
  await waiting
})

test('D37: no more wait for a leader than may', async () => {
  const replica = leaderless()
  const watch = watchOf(replica, 2)
  const waiting = Promise.all([watch.whenLed(60_000, client, signal), watch.whenLed(60_000, client, signal)])
  await expect(watch.whenLed(1, client, signal)).rejects.toMatchObject({ code: 'OVERLOADED', outcome: 'notDone' })
  replica.lead('n2')
  await waiting
  replica.lead(null)
  await expect(watch.whenLed(1, client, signal)).rejects.toMatchObject({ code: 'NO_LEADER' })
})

test('each change of the leader is heard, however many there were: who waits goes on, and the hint is of the new one', async () => {
  const replica = leaderless()
  const [n1, n2, n3] = ['n1', 'n2', 'n3'].map((id, at) => ({
    ...{ id: nodeId(id), address: `${id}:1`, clientAddress: `${id}:80${at}` },
    ...{ incarnation: null, role: 'voter' as const },
  }))
  replica.state = { ...replica.state, members: [n1, n2, n3].flatMap((each) => each ?? []) }
  const announced = { 'quorate-members': 'n1:800,n2:801,n3:802' }
  const watch = watchOf(replica)
  for (const [leader, hint] of [
    ['n2', { 'quorate-leader': 'n2:801', ...announced }],
    ['n3', { 'quorate-leader': 'n3:802', ...announced }],
    ['n1', {}],
    ['n2', { 'quorate-leader': 'n2:801', ...announced }],
  ] as const) {
    const waiting = watch.whenLed(60_000, client, signal)
    await Promise.resolve()
    replica.lead(leader)
    await waiting
    expect(watch.hint).toEqual(hint)
    expect(await watch.whenLed(1, client, signal)).toBe(1)
    expect(watch.waiting).toBe(0)
    replica.lead(null)
    expect(watch.hint).toEqual({})
    await expect(watch.whenLed(1, client, signal)).rejects.toMatchObject({ code: 'NO_LEADER' })
  }
})
