import { once } from 'node:events'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import { createClient, nodeHttp } from '@quorate/client/node'
import { nodeEnvironment } from '@quorate/contracts/node'
import { counter } from '@quorate/machine-counter'
import { kv } from '@quorate/machine-kv'
import { expect, onTestFinished, test } from 'vitest'
import { breakOff, clientOf, deserted, fakeMember, hang, refuse, succeed } from './fake-members.js'

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nodeEnvironment().yieldTurn()
}

test('a signal that was given before ends the operation before anything is sent', async () => {
  const member = await fakeMember(succeed(1))
  const refusal = clientOf([member.address]).commands.add({ by: 1 }, { signal: AbortSignal.abort('enough') })
  await expect(refusal).rejects.toMatchObject({ code: 'ABORTED', outcome: 'notDone', cause: 'enough' })
  expect(member.asked).toEqual([])
})

test('a signal in the middle ends a command that was sent in doubt, and a query without', async () => {
  const member = await fakeMember(hang)
  const client = clientOf([member.address])
  for (const outcome of ['unknown', 'notDone']) {
    const controller = new AbortController()
    const { signal } = controller
    const isCommand = outcome === 'unknown'
    const ended = isCommand ? client.commands.add({ by: 1 }, { signal }) : client.queries.value({ signal })
    const asked = member.asked.length
    await until(() => member.asked.length > asked)
    controller.abort()
    await expect(ended).rejects.toMatchObject({ code: 'ABORTED', outcome })
  }
})

test('a signal between two attempts ends a command that certainly did not happen', async () => {
  const member = await fakeMember(refuse('OVERLOADED'))
  const controller = new AbortController()
  const ended = clientOf([member.address], { retryMinMs: 10_000, retryMaxMs: 10_000, timeoutMs: 20_000 }).commands.add(
    { by: 1 },
    { signal: controller.signal },
  )
  await until(() => member.asked.length === 1)
  for (let turn = 0; turn < 50; turn += 1) await nodeEnvironment().yieldTurn()
  controller.abort()
  await expect(ended).rejects.toMatchObject({ code: 'ABORTED', outcome: 'notDone' })
})

test('a signal that comes later finds nothing to end', async () => {
  const member = await fakeMember(succeed(1))
  const controller = new AbortController()
  expect(await clientOf([member.address]).commands.add({ by: 1 }, { signal: controller.signal })).toBe(1)
  controller.abort()
})

test('close ends what is under way with its true outcome, and everything after it', async () => {
  const [member, gone] = [await fakeMember(hang), await deserted()]
  const [client, lost] = [clientOf([member.address]), clientOf([gone])]
  const ended = [client.commands.add({ by: 1 }), client.queries.value(), lost.commands.add({ by: 1 })]
  const outcomes = Promise.allSettled(ended)
  await until(() => member.asked.length === 2)
  await Promise.all([client.close(), lost.close()])
  expect(await outcomes).toMatchObject([
    { reason: { code: 'STOPPED', outcome: 'unknown' } },
    { reason: { code: 'STOPPED', outcome: 'notDone' } },
    { reason: { code: 'STOPPED', outcome: 'notDone' } },
  ])
  await expect(client.commands.add({ by: 1 })).rejects.toMatchObject({ code: 'STOPPED', outcome: 'notDone' })
  await client.close()
})

test('D37: operations above their limit are refused as OVERLOADED', async () => {
  const member = await fakeMember(hang)
  const client = clientOf([member.address], { requestsMax: 1 })
  const first = client.queries.value({ timeoutMs: 100 }).catch(() => 'ended')
  await expect(client.queries.value()).rejects.toMatchObject({ code: 'OVERLOADED', outcome: 'notDone' })
  expect(await first).toBe('ended')
})

test('D37: however an operation ends, the next one has its room', async () => {
  let act = succeed(1)
  const member = await fakeMember((...request) => act(...request))
  const client = clientOf([member.address], { requestsMax: 1 })
  const ends: Record<string, () => Promise<unknown>> = {
    answered: () => client.queries.value(),
    refused: () => {
      act = refuse('INVALID_COMMAND')
      return client.commands.add({ by: 1 })
    },
    'out of time': () => {
      act = hang
      return client.commands.add({ by: 1 }, { timeoutMs: 20 })
    },
    'given up': () => {
      act = hang
      return client.queries.value({ signal: AbortSignal.timeout(20) })
    },
    'given up before': () => client.queries.value({ signal: AbortSignal.abort() }),
    'broken off': () => {
      act = breakOff
      return client.queries.value({ timeoutMs: 50 })
    },
  }
  for (const [how, end] of Object.entries(ends)) {
    await end().catch((error: unknown) => expect(error, how).not.toMatchObject({ code: 'OVERLOADED' }))
    act = succeed(2)
    expect(await client.queries.value(), how).toBe(2)
  }
})

test('D37: connections to a member are few, and are used again', async () => {
  const member = await fakeMember(succeed(1))
  const client = clientOf([member.address], { http: nodeHttp({ connectionsMax: 2 }) })
  await Promise.all(Array.from({ length: 20 }, () => client.commands.add({ by: 1 })))
  for (let more = 0; more < 5; more += 1) await client.commands.add({ by: 1 })
  expect(member.asked).toHaveLength(25)
  expect(member.connections()).toBe(2)
})

test('what waits for a connection until its deadline was not sent, and is not in doubt', async () => {
  const member = await fakeMember(hang)
  const client = clientOf([member.address], { http: nodeHttp({ connectionsMax: 1 }) })
  const first = client.commands.add({ by: 1 }, { timeoutMs: 200 })
  const second = client.commands.add({ by: 2 }, { timeoutMs: 50 })
  await expect(second).rejects.toMatchObject({ code: 'NO_LEADER', outcome: 'notDone' })
  await expect(first).rejects.toMatchObject({ code: 'TIMED_OUT', outcome: 'unknown' })
  expect(member.asked).toHaveLength(1)
})

test('an input that does not fit is refused before anything is sent', async () => {
  const member = await fakeMember(succeed(1))
  const client = clientOf([member.address])
  const wrong: unknown = { by: 'much' }
  await expect(client.commands.add(wrong as { by: number })).rejects.toMatchObject({
    code: 'INVALID_COMMAND',
    outcome: 'notDone',
  })
  const store = createClient({ machine: kv, addresses: [member.address] })
  onTestFinished(() => store.close())
  const value = '\u0001'.repeat(2 * 1024 * 1024)
  await expect(store.commands.put({ key: 'a', value })).rejects.toMatchObject({ code: 'COMMAND_TOO_LARGE' })
  expect(member.asked).toEqual([])
})

test('misuse is a TypeError', async () => {
  const client = clientOf([await deserted()])
  const odd: unknown = { consistency: 'eventual' }
  await expect(client.queries.value(odd as { consistency: 'local' })).rejects.toThrow(TypeError)
  await expect(client.commands.add({ by: 1 }, { timeoutMs: 0.5 })).rejects.toThrow(TypeError)
  await expect(client.commands.add({ by: 1 }, { timeoutMs: 3_000_000_000 })).rejects.toThrow(TypeError)
  await expect(client.status('nowhere')).rejects.toThrow(TypeError)
})

test('the status of a member is asked of that member alone, and once', async () => {
  const [gone, other, silent] = [await deserted(), await fakeMember(succeed(1)), await fakeMember(hang)]
  const client = clientOf([other.address])
  await expect(client.status(gone)).rejects.toMatchObject({ code: 'CONNECTION_LOST', outcome: 'notDone' })
  await expect(client.status(silent.address, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'TIMED_OUT' })
  const odd = await fakeMember((_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
  )
  await expect(client.status(odd.address)).rejects.toMatchObject({ code: 'CONNECTION_LOST', outcome: 'notDone' })
  expect([other.asked.length, silent.asked.length]).toEqual([0, 1])
})

test('a connection that is not made in time was not used, and another member is asked', async () => {
  const [full, member] = [await fullListener(), await fakeMember(succeed(3))]
  const client = clientOf([full, member.address], { http: nodeHttp({ connectTimeoutMs: 30 }) })
  expect(await client.commands.add({ by: 3 })).toBe(3)
})

test.each([
  [{ addresses: [] }, 'addresses'],
  [{ addresses: ['8001'] }, 'addresses[0]'],
  [{ adresses: [] }, 'adresses'],
  [{ machine: {} }, 'machine'],
  [{ timeoutMs: 0 }, 'timeoutMs'],
  [{ timeoutMs: 3_000_000_000 }, 'timeoutMs'],
  [{ requestsMax: 0 }, 'requestsMax'],
  [{ http: {} }, 'send, close is missing'],
])('wrong options are refused with their path: %j', (wrong, path) => {
  const options: object = { machine: counter, addresses: ['127.0.0.1:1'], ...wrong }
  const create = (): unknown => createClient(options as Parameters<typeof createClient<typeof counter>>[0])
  expect(create).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }))
  expect(create).toThrow(path)
})

test('options of nodeHttp are checked too', () => {
  expect(() => nodeHttp({ connectionsMax: 0 })).toThrow('connectionsMax')
  expect(() => nodeHttp({ idleTimeoutMs: 60_000 })).toThrow('idleTimeoutMs')
})

/** An address where connections wait for ever: it listens, takes none, and its queue is full. */
async function fullListener(): Promise<string> {
  const code = `
    const { parentPort } = require('node:worker_threads')
    const server = require('node:net').createServer()
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
  const worker = new Worker(code, { eval: true })
  const port = Number((await once(worker, 'message'))[0])
  const waiting = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  onTestFinished(async () => {
    for (const socket of waiting) socket.destroy()
    await worker.terminate()
  })
  await until(() => waiting.filter((socket) => socket.readyState === 'open').length === 2)
  return `127.0.0.1:${port}`
}
