import { createClient, nodeHttp } from '@quorate/client/node'
import type { MachineModule } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { httpGateway, type HttpGateway } from '@quorate/gateway-http'
import { defineMachine } from '@quorate/machine'
import { counter } from '@quorate/machine-counter'
import { kv } from '@quorate/machine-kv'
import { raft } from '@quorate/raft'
import type { Replica } from '@quorate/replica'
import { createReplica } from '@quorate/replica/node'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { deserted } from './fake-members.js'

/** A member of a cluster in this process, with its gateway. */
interface Member<Machine extends MachineModule> {
  readonly address: string
  readonly replica: Replica<Machine>
  readonly gateway: HttpGateway
  close(): Promise<void>
}

/** Members of raft on the memory adapters, each behind a gateway of its own; they end with the test. */
async function clusterOf<Machine extends MachineModule>(
  machine: Machine,
  size = 3,
  options: { readonly sessionTimeoutMs?: number } = {},
): Promise<Member<Machine>[]> {
  const hub = memoryHub()
  const ids = Array.from({ length: size }, (_, at) => `n${at + 1}`)
  const addresses = await Promise.all(ids.map(() => deserted()))
  const members = Object.fromEntries(
    ids.map((id, at) => [id, { address: `${id}:1`, clientAddress: addresses[at] ?? '' }]),
  )
  return Promise.all(
    ids.map(async (id, at) => {
      const replica = await createReplica({
        id,
        members,
        machine,
        protocol: raft(),
        transport: memoryTransport({ hub }),
        storage: memoryStorage(),
        ...options,
      })
      const gateway = await httpGateway({ replica, machine, address: addresses[at] ?? '' })
      const close = async (): Promise<void> => {
        await gateway.close()
        await replica.close()
      }
      onTestFinished(close)
      return { address: gateway.address, replica, gateway, close }
    }),
  )
}

test('a client of a cluster that was lost is told so by the one that took its place, and all that is acknowledged counts', async () => {
  const address = await deserted()
  const serve = async (cluster: string) => {
    const replica = await createReplica({
      ...{ id: 'n1', cluster, members: { n1: 'n1:1' }, machine: counter, protocol: raft() },
      ...{ transport: memoryTransport({ hub: memoryHub() }), storage: memoryStorage() },
    })
    const gateway = await httpGateway({ replica, machine: counter, address })
    const end = async (): Promise<void> => {
      await gateway.close()
      await replica.close()
    }
    onTestFinished(end)
    return { replica, end }
  }
  const clientOf = () => createClient({ machine: counter, addresses: [address] })
  const [survivor, newcomer] = [clientOf(), clientOf()]
  onTestFinished(async () => void (await Promise.all([survivor.close(), newcomer.close()])))
  const lost = await serve('shop')
  for (let count = 1; count <= 3; count += 1) await survivor.commands.add({ by: 1 })
  await lost.end()
  const { replica } = await serve('second')
  for (let count = 1; count <= 3; count += 1) expect(await newcomer.commands.add({ by: 1 })).toBe(count)
  for (let count = 4; count <= 5; count += 1) {
    const refused = { code: 'WRONG_CLUSTER', outcome: 'notDone' }
    await expect(survivor.commands.add({ by: 100 })).rejects.toMatchObject(refused)
    expect(await newcomer.commands.add({ by: 1 })).toBe(count)
  }
  expect(await replica.queries.value()).toBe(5)
})

test('commands and queries find the leader from every member', async () => {
  const members = await clusterOf(counter)
  let sum = 0
  for (const { address } of members) {
    const client = createClient({ machine: counter, addresses: [address] })
    onTestFinished(() => client.close())
    expect(await client.commands.add({ by: 5 })).toBe((sum += 5))
    expect(await client.queries.value()).toBe(sum)
  }
})

test('D11: when the leader closes in the middle, clients go on, and every command is there once', async () => {
  const members = await clusterOf(counter)
  const addresses = members.map(({ address }) => address)
  const clients = Array.from({ length: 4 }, () => createClient({ machine: counter, addresses, timeoutMs: 20_000 }))
  onTestFinished(async () => void (await Promise.all(clients.map((client) => client.close()))))
  let done = 0
  let isOver = false
  const runs = clients.map(async (client) => {
    while (!isOver) {
      await client.commands.add({ by: 1 })
      done += 1
    }
  })
  const reaching = async (more: number): Promise<void> => {
    const target = done + more
    while (done < target) await nodeEnvironment().yieldTurn()
  }
  await reaching(100)
  const leader = (await members[0]?.replica.status())?.leadership.leader
  await members.find(({ replica }) => replica.id === leader)?.close()
  await reaching(100)
  isOver = true
  await Promise.all(runs)
  expect(await clients[0]?.queries.value()).toBe(done)
})

test('D11: a session that expired while its client was idle costs a command nothing but another one', async () => {
  const [member] = await clusterOf(counter, 1, { sessionTimeoutMs: 300 })
  const client = createClient({ machine: counter, addresses: [member?.address ?? ''] })
  onTestFinished(() => client.close())
  const isOver = async () => (await member?.replica.status())?.sessions === 0
  expect(await client.commands.add({ by: 1 })).toBe(1)
  while (!(await isOver())) await nodeEnvironment().yieldTurn()
  expect(await client.commands.add({ by: 1 })).toBe(2)
})

test('results come as the types say: nothing, dates and bytes as they were', async () => {
  const machine = defineMachine({
    name: 'shapes',
    version: 1,
    initial: () => ({ last: new Uint8Array() }),
    commands: {
      keep: {
        input: z.object({ bytes: z.instanceof(Uint8Array) }),
        apply: (state, { bytes }) => void (state.last = bytes),
      },
    },
    queries: {
      shapes: {
        read: (state) => ({ nothing: undefined, none: null, when: new Date(5), big: 2n ** 60n, bytes: state.last }),
      },
    },
  })
  const [member] = await clusterOf(machine, 1)
  const client = createClient({ machine, addresses: [member?.address ?? ''] })
  onTestFinished(() => client.close())
  expect(await client.commands.keep({ bytes: Uint8Array.of(0, 255) })).toBeUndefined()
  expect(await client.queries.shapes()).toStrictEqual({
    nothing: undefined,
    none: null,
    when: new Date(5),
    big: 2n ** 60n,
    bytes: Uint8Array.of(0, 255),
  })
})

test('D28: a schema that changes its input changes it once', async () => {
  const machine = defineMachine({
    name: 'words',
    version: 1,
    initial: () => ({ said: '' }),
    commands: {
      say: {
        input: z.string().transform((text) => text.length),
        apply: (state, length) => (state.said = `${length} letters`),
      },
    },
    queries: {},
  })
  const [member] = await clusterOf(machine, 1)
  const client = createClient({ machine, addresses: [member?.address ?? ''] })
  onTestFinished(() => client.close())
  expect(await client.commands.say('hello')).toBe('5 letters')
})

test('a value of nearly 4 MiB passes both ways', async () => {
  const [member] = await clusterOf(kv, 1)
  const client = createClient({ machine: kv, addresses: [member?.address ?? ''] })
  onTestFinished(() => client.close())
  const value = new Uint8Array(4 * 1024 * 1024 - 32 * 1024).map((_, at) => at)
  expect(await client.commands.put({ key: 'large', value })).toMatchObject({ ok: true })
  const entry = await client.queries.get({ key: 'large' })
  expect(Buffer.from(entry?.value as Uint8Array).equals(value)).toBe(true)
})

test('the status of each member is told by itself, with equal digests at equal positions', async () => {
  const members = await clusterOf(counter)
  const client = createClient({ machine: counter, addresses: members.map(({ address }) => address) })
  onTestFinished(() => client.close())
  await client.commands.add({ by: 1 })
  for (const { address, replica } of members) {
    const status = await client.status(address, { digest: true })
    expect(status).toMatchObject({ id: replica.id, state: 'running', machine: { name: 'counter' } })
    expect(status.digest?.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect((await client.status(address)).digest).toBeNull()
  }
  expect(await client.status()).toMatchObject({ state: 'running' })
})

test('a member that is closed and its gateway with it costs a client nothing but another address', async () => {
  const members = await clusterOf(counter)
  const client = createClient({
    machine: counter,
    addresses: members.map(({ address }) => address),
    http: nodeHttp({ connectionsMax: 4 }),
  })
  onTestFinished(() => client.close())
  await client.commands.add({ by: 1 })
  const leader = (await members[0]?.replica.status())?.leadership.leader
  await members.find(({ replica }) => replica.id !== leader)?.close()
  expect(await client.commands.add({ by: 1 })).toBe(2)
  expect(await client.queries.value()).toBe(2)
})

test('a member that does not lead carries a command out all the same, and says where the leader is', async () => {
  const members = await clusterOf(counter)
  for (;;) {
    const follower = await followerOf(members)
    const before = (await follower.replica.status()).leadership
    const response = await fetch(`http://${follower.address}/v1/commands/add`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"by":3}',
    })
    const after = (await follower.replica.status()).leadership
    // On a busy machine another may have come to lead meanwhile: then it is asked again.
    if (after.epoch !== before.epoch || before.leader === follower.replica.id) continue
    expect(await response.json()).toMatchObject({ result: expect.any(Number) as number })
    expect(response.headers.get('quorate-leader')).toBe(before.clientAddress)
    return
  }
})

async function followerOf<Machine extends MachineModule>(members: Member<Machine>[]): Promise<Member<Machine>> {
  for (;;) {
    for (const member of members) {
      const { leader } = (await member.replica.status()).leadership
      if (leader !== null && leader !== member.replica.id) return member
    }
    await nodeEnvironment().yieldTurn()
  }
}
