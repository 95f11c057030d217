import { nodeId, position, type NodeId } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { expect, test } from 'vitest'
import { ActedReplica, ask, gatewayOf, member, until } from './members.js'

test('readyz is 503 while the leader is known and cannot be reached, and says which and why', async () => {
  const replica = new ActedReplica(() => Promise.reject(new Error('nobody asks')))
  const [n1, n2, n3] = ['n1', 'n2', 'n3'].map(nodeId) as [NodeId, NodeId, NodeId]
  const link = { link: 'down', reason: 'n2:1: this name is not found', roundTripMs: null, supports: null } as const
  const ready = async (leader: NodeId) => {
    const leadership = { leader, epoch: 1, clientAddress: null }
    replica.state = {
      id: n1,
      leadership,
      peers: [
        { id: n2, ...link },
        { id: n3, ...link, link: 'up', reason: null },
      ],
    }
    return ask(await gatewayOf({ replica }), '/readyz', { method: 'GET' })
  }
  expect(await ready(n2)).toMatchObject({
    status: 503,
    json: { reason: 'this member follows n2 and cannot reach it: n2:1: this name is not found' },
  })
  expect((await ready(n3)).status).toBe(200)
  expect((await ready(n1)).status).toBe(200)
})

test('a member that leads is alive and becomes ready', async () => {
  const gateway = await gatewayOf({ replica: await member(counter) })
  await until(async () => (await ask(gateway, '/readyz', { method: 'GET' })).status === 200)
  const healthy = await ask(gateway, '/healthz', { method: 'GET' })
  expect(healthy).toMatchObject({ status: 200, json: { status: 'ok' } })
  expect(await ask(gateway, '/healthz', { method: 'HEAD' })).toMatchObject({ status: 200, json: null })
})

test('a member of three that is alone is alive and not ready, and says why', async () => {
  const gateway = await gatewayOf({ replica: await member(counter, ['n1', 'n2', 'n3']) })
  expect(await ask(gateway, '/healthz', { method: 'GET' })).toMatchObject({ status: 200 })
  const ready = await ask(gateway, '/readyz', { method: 'GET' })
  expect(ready).toMatchObject({ status: 503, json: { status: 'unavailable' } })
  expect(ready.json).toMatchObject({
    reason: expect.stringMatching(
      /^this member knows no leader; its link to n2 is gone: nobody listens.*; its link to n3/,
    ) as string,
  })
})

test('a member that was closed is neither, and answers all the same', async () => {
  const replica = await member(counter)
  const gateway = await gatewayOf({ replica })
  await replica.close()
  for (const path of ['/healthz', '/readyz']) {
    const answer = await ask(gateway, path, { method: 'GET' })
    expect(answer).toMatchObject({ status: 503, json: { reason: 'this member has stopped: it was closed' } })
  }
  const command = await ask(gateway, '/v1/commands/add', { body: '{"by":1}' })
  expect(command).toMatchObject({ status: 503, json: { error: { code: 'STOPPED', outcome: 'notDone' } } })
})

test('a member that has applied nothing yet is not ready', async () => {
  const replica = new ActedReplica(() => Promise.reject(new Error('no request is expected')))
  replica.state = { lastApplied: position(0) }
  const ready = await ask(await gatewayOf({ replica }), '/readyz', { method: 'GET' })
  expect(ready).toMatchObject({ status: 503, json: { reason: 'this member has applied nothing yet' } })
})

test('metrics come in the text that Prometheus reads, and are not changed by a POST', async () => {
  const gateway = await gatewayOf({ replica: await member(counter) })
  await until(async () => (await ask(gateway, '/readyz', { method: 'GET' })).status === 200)
  await ask(gateway, '/v1/commands/add', { body: '{"by":1}' })
  const answer = await ask(gateway, '/metrics', { method: 'GET' })
  expect(answer.status).toBe(200)
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  const lines = Buffer.from(answer.bytes).toString().split('\n')
  expect(lines).toContain('quorate_calls_total{kind="command",outcome="done"} 1')
  expect(lines).toContain('quorate_leads 1')
  expect(await ask(gateway, '/metrics', { body: '{}' })).toMatchObject({ status: 405 })
})
