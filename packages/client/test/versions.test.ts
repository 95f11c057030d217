/** What a client is told by members whose code differs: of real replicas, through real gateways. */
import { createClient } from '@quorate/client/node'
import { QuorateError, type Storage } from '@quorate/contracts'
import { httpGateway } from '@quorate/gateway-http'
import { defineMachine } from '@quorate/machine'
import { raft } from '@quorate/raft'
import { createReplica } from '@quorate/replica/node'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { expect, onTestFinished, test, vi } from 'vitest'
import { deserted } from './fake-members.js'

const sell = { apply: (state: { n: number }) => (state.n += 1) }
const give = { since: 2, apply: (state: { n: number }) => (state.n += 100) }
const common = { initial: () => ({ n: 0 }), queries: { sum: { read: ({ n }: { n: number }) => n } } }
const first = defineMachine({ ...common, name: 'shop', version: 1, commands: { sell } })
const second = defineMachine({
  ...common,
  name: 'shop',
  version: 2,
  commands: { sell, give },
  migrate: (state) => state,
})
const bank = defineMachine({ ...common, name: 'bank', version: 1, commands: { sell } })

/** Members n1, n2 and n3 in this process, each of whatever release, behind gateways. */
class Street {
  readonly #hub = memoryHub()
  readonly #disks = new Map<string, Storage>()
  readonly #addresses: ReadonlyMap<string, string>

  private constructor(addresses: ReadonlyMap<string, string>) {
    this.#addresses = addresses
  }

  static async of(...ids: readonly string[]): Promise<Street> {
    return new Street(new Map(await Promise.all(ids.map(async (id) => [id, await deserted()] as const))))
  }

  async open(id: string, machine: typeof first | typeof second | typeof bank) {
    const storage = this.#disks.get(id) ?? memoryStorage()
    this.#disks.set(id, storage)
    const addresses = [...this.#addresses]
    const members = Object.fromEntries(
      addresses.map(([each, clientAddress]) => [each, { address: `${each}:1`, clientAddress }]),
    )
    const transport = memoryTransport({ hub: this.#hub })
    const replica = await createReplica({ id, members, machine, protocol: raft(), transport, storage })
    const address = this.#addresses.get(id) ?? ''
    const gateway = await httpGateway({ replica, machine, address, leaderTimeoutMs: 50 })
    const close = async (): Promise<void> => {
      await gateway.close()
      await replica.close()
    }
    onTestFinished(close)
    return { replica, address, close }
  }
}

/** Whoever waits for its deadline waits longer than the test. */
function clientOf<Machine extends typeof first | typeof second | typeof bank>(
  machine: Machine,
  ...addresses: string[]
) {
  const client = createClient({ machine, addresses, timeoutMs: 600_000 })
  onTestFinished(() => client.close())
  return client
}

async function refusalOf(work: Promise<unknown>): Promise<QuorateError> {
  const refusal: unknown = await work.catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(QuorateError)
  return refusal as QuorateError
}

test('D26: a command that not every member knows is refused at once, by name and as not done, and works once all do', async () => {
  const street = await Street.of('n1', 'n2')
  const n1 = await street.open('n1', second)
  const old = await street.open('n2', first)
  expect(await clientOf(second, n1.address).commands.sell()).toBe(1)
  const { leadership } = await n1.replica.status()
  if (leadership.leader !== n1.replica.id) await n1.replica.transferLeadership(n1.replica.id)
  const client = clientOf(second, n1.address)
  for (let again = 0; again < 2; again += 1) {
    const refusal = await refusalOf(client.commands.give())
    expect(refusal).toMatchObject({ code: 'VERSION_NOT_ACTIVE', outcome: 'notDone' })
    expect(refusal.message).toContain('upgrade n2 (version 1)')
  }
  const answer = await fetch(`http://${n1.address}/v1/commands/give`, { method: 'POST' })
  expect(answer.status).toBe(503)
  expect(answer.headers.get('retry-after')).toBeNull()
  expect(await answer.json()).toMatchObject({ error: { code: 'VERSION_NOT_ACTIVE', outcome: 'notDone' } })
  // A member that is too old to know that there is such a command says that it has none.
  const older = await fetch(`http://${old.address}/v1/commands/give`, { method: 'POST' })
  const message = 'machine "shop" has no "give" among its commands: sell (version 1, the newest that this member has)'
  expect([older.status, await older.json()]).toMatchObject([404, { error: { code: 'INVALID_COMMAND', message } }])
  expect(await client.commands.sell()).toBe(2)
  await old.close()
  await street.open('n2', second)
  await vi.waitUntil(async () => (await n1.replica.status()).machine.activeVersion === 2, {
    timeout: 15_000,
    interval: 20,
  })
  expect(await client.commands.give()).toBe(102)
})

test('D26: a member with another machine says so to its clients, as not done, and those that know others go on', async () => {
  const street = await Street.of('n1', 'n2', 'n3')
  const n1 = await street.open('n1', first)
  await street.open('n2', first)
  const stranger = await street.open('n3', bank)
  const why = /its link to n1 is down: .*WRONG_MACHINE: n[13] runs the machine/
  const answer = await fetch(`http://${stranger.address}/v1/commands/sell`, { method: 'POST' })
  expect(answer.status).toBe(503)
  expect(await answer.json()).toMatchObject({
    error: { code: 'NO_LEADER', outcome: 'notDone', message: expect.stringMatching(why) as string },
  })
  const ready = await fetch(`http://${stranger.address}/readyz`)
  expect([ready.status, await ready.text()]).toEqual([503, expect.stringMatching(why)])
  const client = clientOf(first, stranger.address, n1.address)
  expect([await client.commands.sell(), await client.commands.sell()]).toEqual([1, 2])
  const refusal = await refusalOf(clientOf(bank, stranger.address).commands.sell({ timeoutMs: 300 }))
  expect(refusal).toMatchObject({ code: 'NO_LEADER', outcome: 'notDone' })
  expect(refusal.message).toMatch(why)
})
