import { position } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import type { HttpGateway } from '@quorate/gateway-http'
import type { ReplicaStatus } from '@quorate/replica'
import { describe, expect, test } from 'vitest'
import { ActedReplica, ask, bareConnection, gatewayOf, until } from './members.js'

const json = 'content-type: application/json\r\n'
const machineBytes = `accept: application/x-quorate+${counter.codec}\r\n`
const nonce = '0f'.repeat(16)
const limits = { pendingAnswerBytesMax: 64, pendingBytesMax: 64, bodyBytesMax: 64, leaderTimeoutMs: 60_000 }
const atRest = { 'kind="requests"': 1, 'kind="waiting"': 0, 'of="bodies"': 0, 'of="answers"': 0 }

function requestOf(method: string, path: string, headers = '', body = ''): string {
  const length = body === '' ? '' : `content-length: ${body.length}\r\n`
  return `${method} ${path} HTTP/1.1\r\nhost: localhost\r\n${headers}${length}\r\n${body}`
}

/** A replica whose every answer waits, whoever still wants it, until the test lets all of them go. */
class HeldReplica extends ActedReplica {
  asked = 0
  #goOn = (): void => {}
  #held = new Promise<void>((resolve) => (this.#goOn = resolve))

  constructor() {
    super(async () => {
      await this.#wait()
      return { position: position(1), result: counter.commands.add.encode({ by: 1 }).slice(0, 1).fill(1) }
    })
  }

  /** Whether what is asked now has to wait: the gateway asks once at its own start. */
  isHolding = false

  override async status(): Promise<ReplicaStatus> {
    await this.#wait()
    return super.status()
  }

  override async metrics(): Promise<string> {
    await this.#wait()
    return 'quorate_leads 1\n'
  }

  letGo(): void {
    this.#goOn()
  }

  async #wait(): Promise<void> {
    if (!this.isHolding) return
    this.asked += 1
    await this.#held
  }
}

/** What the gateway holds, by the names of its own gauges. */
async function loadOf(gateway: HttpGateway): Promise<Record<string, number>> {
  const { status, bytes } = await ask(gateway, '/metrics', { method: 'GET' })
  if (status !== 200) return { status }
  const samples = Buffer.from(bytes)
    .toString()
    .matchAll(/^quorate_http_pending(?:_bytes)?\{(.+)\} (.+)$/gm)
  return Object.fromEntries([...samples].map(([, labels = '', value]) => [labels, Number(value)]))
}

async function comesToRest(gateway: HttpGateway): Promise<void> {
  let load: Record<string, number> = {}
  await until(async () => {
    load = await loadOf(gateway)
    return load['kind="requests"'] === 1 || 'status' in load
  })
  expect(load).toEqual(atRest)
}

describe('what a request held is given back when its sender has gone, whatever was asked', () => {
  test.each([
    ['the status', requestOf('GET', '/v1/status')],
    ['readiness', requestOf('GET', '/readyz')],
    ['health', requestOf('GET', '/healthz')],
    ['metrics', requestOf('GET', '/metrics')],
    ['a command, answered in JSON', requestOf('POST', '/v1/commands/add', json, '{"by":1}')],
    ['a command, answered in bytes', requestOf('POST', '/v1/commands/add', json + machineBytes, '{"by":1}')],
    ['a query', requestOf('POST', '/v1/queries/value')],
    ['a query of this member alone', requestOf('POST', '/v1/queries/value?consistency=local')],
    ['a session', requestOf('POST', `/v1/sessions?nonce=${nonce}`)],
  ])('%s', async (_, request) => {
    const replica = new HeldReplica()
    const gateway = await gatewayOf({ replica, ...limits })
    expect(await loadOf(gateway)).toEqual(atRest)
    replica.isHolding = true
    const connections = await Promise.all(Array.from({ length: 10 }, () => bareConnection(gateway)))
    for (const { socket } of connections) socket.write(request)
    // Bodies beyond their limit are refused: those that found room wait in the replica.
    await until(() => replica.asked >= 5)
    for (const { socket } of connections) socket.destroy()
    await Promise.all(connections.map(({ closed }) => closed))
    // Nobody waits any more, as the gateway knows: only then come the answers.
    replica.isHolding = false
    await until(async () => (await loadOf(gateway))['kind="requests"'] === 1)
    replica.letGo()
    await comesToRest(gateway)
    expect((await ask(gateway, '/v1/status', { method: 'GET' })).status).toBe(200)
  })

  test('a body that breaks off', async () => {
    const gateway = await gatewayOf({ replica: new HeldReplica(), ...limits })
    const connections = await Promise.all(Array.from({ length: 5 }, () => bareConnection(gateway)))
    const head = requestOf('POST', '/v1/commands/add', json, '{"by": 1000}')
    for (const { socket } of connections) socket.write(head.slice(0, -1))
    await until(async () => (await loadOf(gateway))['of="bodies"'] === 55)
    for (const { socket } of connections) socket.destroy()
    await comesToRest(gateway)
  })

  test('one that waited for a leader, and those behind it on its connection', async () => {
    const replica = new HeldReplica()
    replica.lead(null)
    const gateway = await gatewayOf({ replica, ...limits })
    const { socket } = await bareConnection(gateway)
    socket.write(requestOf('POST', '/v1/queries/value').repeat(3))
    await until(async () => (await loadOf(gateway))['kind="waiting"'] === 3)
    socket.destroy()
    await comesToRest(gateway)
  })
})

test('what a request held is given back when it was answered, also by a refusal', async () => {
  const replica = new HeldReplica()
  const gateway = await gatewayOf({ replica, ...limits })
  const add = (body: string): Promise<{ status: number }> => ask(gateway, '/v1/commands/add', { body })
  const cases = [
    ['{"by":1}', 200],
    ['{"by":"one"}', 400],
    ['{"by":', 400],
    [`{"by":${'1'.repeat(60)}}`, 413],
  ] as const
  for (const [body, status] of cases) {
    for (let each = 0; each < 5; each += 1) expect(await add(body)).toMatchObject({ status })
    await comesToRest(gateway)
  }
  replica.propose = () => Promise.reject(new Error('a mistake'))
  expect(await add('{"by":1}')).toMatchObject({ status: 500 })
  replica.propose = () => Promise.resolve({ position: position(1), result: new Uint8Array(1_000) })
  expect(await add('{"by":1}')).toMatchObject({ status: 500 })
  await comesToRest(gateway)
})
