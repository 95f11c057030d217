import { position } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { describe, expect, test } from 'vitest'
import { tokenOfHandle } from '../src/session-token.js'
import {
  ActedReplica,
  ask,
  bareConnection,
  clusterId,
  gatewayOf,
  mountedOverTls,
  until,
  type TestServer,
} from './members.js'

const json = 'content-type: application/json\r\n'
const token = tokenOfHandle({ clusterId, nonce: new Uint8Array(16), position: position(1) })
const place = `session=${token}&sequence=1&lowestUnacknowledged=1`
const refused = { status: 503, json: { error: { code: 'OVERLOADED', outcome: 'notDone' } } }

function add(headers: string, body: string): string {
  return `POST /v1/commands/add HTTP/1.1\r\nhost: localhost\r\n${json}${headers}content-length: ${body.length}\r\n\r\n${body}`
}

/** A replica that answers nobody until the test lets all go, other than whoever says that the count is seven. */
class HoldingReplica extends ActedReplica {
  asked = 0

  constructor() {
    const seven = counter.commands.add.encode({ by: 7 })
    super((request) => {
      if (Buffer.from(request).equals(seven))
        return Promise.resolve({ position: position(1), result: Uint8Array.of(1) })
      this.asked += 1
      return new Promise(() => {})
    })
  }
}

/** A command of one that is not the attacker. */
async function honest(server: TestServer, from: string, search = ''): Promise<unknown> {
  return ask(server, `/v1/commands/add${search}`, { body: '{"by":7}', from })
}

/** How often each status came, over all that a connection received. */
function count(received: string, status: number): number {
  return received.split(`HTTP/1.1 ${status} `).length - 1
}

// Only Linux lets a process speak from any address of the loopback network.
describe.runIf(process.platform === 'linux').each([
  ['a gateway', gatewayOf],
  ['httpHandler in an https server', mountedOverTls],
] as const)('%s', (_, serve) => {
  const [attacker, other] = ['127.0.0.2', '127.0.0.3']

  test('bodies of one client address leave room for others, and a body of its own always fits', async () => {
    const server = await serve({ replica: new HoldingReplica(), bodyBytesMax: 16, pendingBytesMax: 96 })
    const flood = await Promise.all(Array.from({ length: 12 }, () => bareConnection(server, attacker)))
    for (const { socket } of flood) socket.write(add('', '{"by": 10000}    '.slice(0, 16)).slice(0, -1))
    await until(() => flood.filter(({ received }) => received().includes('OVERLOADED')).length >= 9)
    expect(await honest(server, other)).toMatchObject({ status: 200 })
    for (const { socket } of flood) socket.destroy()
    await until(async () => JSON.stringify(await honest(server, attacker)).includes('"status":200'))
  })

  test('answers that one client address does not take leave room for others', async () => {
    const replica = new ActedReplica(async () => ({ position: position(1), result: new Uint8Array(10_000) }))
    const { propose } = replica
    // The first is answered last, and the answers to the others wait behind it.
    let finish = (): void => {}
    replica.propose = (command) => new Promise((resolve) => (finish = () => resolve(propose(command))))
    const server = await serve({ replica, pendingAnswerBytesMax: 80_000 })
    const { socket } = await bareConnection(server, attacker)
    socket.write(add('', '{"by":1}'))
    const accept = `accept: application/x-quorate+${counter.codec}\r\n`
    await until(async () => (await metric(server, 'kind="requests"')) === 2)
    replica.propose = propose
    socket.write(add(accept, '{"by":1}').repeat(15))
    await until(
      async () => (await metric(server, 'of="answers"')) > 30_000 && (await metric(server, 'of="bodies"')) === 8,
    )
    const asking = { body: '{"by":1}', headers: bytesOnly, from: other }
    expect(await ask(server, '/v1/commands/add', asking)).toMatchObject({ status: 200 })
    expect(await ask(server, '/v1/status', { method: 'GET', from: other })).toMatchObject({ status: 200 })
    finish()
  })

  test('requests under way of one client address leave room for others, and status is told meanwhile', async () => {
    const replica = new HoldingReplica()
    const server = await serve({ replica, requestsMax: 8 })
    const flood = await Promise.all(Array.from({ length: 20 }, () => bareConnection(server, attacker)))
    for (const { socket } of flood) socket.write(add('', '{"by":1}'))
    await until(() => flood.filter(({ received }) => count(received(), 503) === 1).length === 16)
    expect(replica.asked).toBe(4)
    expect(await honest(server, other)).toMatchObject({ status: 200 })
    expect(await honest(server, attacker)).toMatchObject(refused)
    for (const path of ['/healthz', '/readyz', '/metrics', '/v1/status']) {
      expect(await ask(server, path, { method: 'GET', from: attacker }), path).toMatchObject({ status: 200 })
    }
  })

  test('requests that wait for a leader leave room for those of others', async () => {
    const replica = new HoldingReplica()
    replica.lead(null)
    const server = await serve({ replica, waitingMax: 8, leaderTimeoutMs: 60_000 })
    const flood = await Promise.all(Array.from({ length: 20 }, () => bareConnection(server, attacker)))
    for (const { socket } of flood) socket.write(add('', '{"by":1}'))
    await until(() => flood.filter(({ received }) => count(received(), 503) === 1).length === 16)
    const waiting = honest(server, other)
    await until(async () => (await metric(server, 'kind="waiting"')) === 5)
    replica.lead('n1')
    expect(await waiting).toMatchObject({ status: 200 })
  })

  test('a quarter is kept for addresses that have named a session which the member knows', async () => {
    const replica = new HoldingReplica()
    const server = await serve({ replica, requestsMax: 8 })
    const flood = await Promise.all(['127.0.0.4', '127.0.0.5', '127.0.0.6'].map((from) => bareConnection(server, from)))
    for (const { socket } of flood) socket.write(add('', '{"by":1}').repeat(2))
    await until(() => replica.asked === 6)
    expect(await honest(server, other), 'no session').toMatchObject(refused)
    expect(await honest(server, other, `?${place}`), 'a session that nobody knows').toMatchObject(refused)
    replica.knowsSessions = true
    expect(await honest(server, other), 'a session that was not named').toMatchObject(refused)
    expect(await honest(server, other, `?${place}`)).toMatchObject({ status: 200 })
    expect(await honest(server, other), 'it has named one before').toMatchObject({ status: 200 })
    expect(await honest(server, attacker), 'another address has not').toMatchObject(refused)
  })
})

const bytesOnly = { accept: `application/x-quorate+${counter.codec}` }

/** One of the gauges of the gateway, by its labels. */
async function metric(server: TestServer, labels: string): Promise<number> {
  const { bytes } = await ask(server, '/metrics', { method: 'GET' })
  const line = Buffer.from(bytes)
    .toString()
    .split('\n')
    .find((each) => each.includes(`{${labels}}`))
  return Number(line?.split(' ')[1])
}
