import { solo } from '@quorate/conformance'
import type { OpenStorage, Storage } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { counter } from '@quorate/machine-counter'
import { raft } from '@quorate/raft'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { expect, test } from 'vitest'
import { createReplica, type ReplicaOptions } from '../src/index.js'

type Options = ReplicaOptions<typeof counter, never, never>

function start(storage: Storage, options: Partial<Options> = {}) {
  return createReplica({
    id: 'n1',
    members: { n1: 'n1:1' },
    machine: counter,
    protocol: solo(),
    transport: memoryTransport({ hub: memoryHub() }),
    storage,
    environment: nodeEnvironment(),
    ...options,
  })
}

/** A storage that writes down what is asked of it. */
function watched(storage: Storage, log: string[]): Storage {
  return {
    survives: storage.survives,
    async open(): Promise<OpenStorage> {
      const open = await storage.open()
      const watch = <Name extends 'saveIdentity' | 'replay' | 'append'>(name: Name): void => {
        const run = open[name].bind(open) as (...given: unknown[]) => Promise<unknown>
        Object.assign(open, {
          [name]: async (...given: unknown[]) => {
            const result = await run(...given)
            log.push(name)
            return result
          },
        })
      }
      watch('saveIdentity')
      watch('replay')
      watch('append')
      return open
    },
  }
}

test('D15: a start is counted durably before the protocol takes its first step', async () => {
  const storage = memoryStorage()
  const log: string[] = []
  for (const starts of [1, 2, 3]) {
    log.length = 0
    const replica = await start(watched(storage, log))
    await replica.commands.add({ by: 1 })
    expect(log.slice(0, 3)).toEqual(['saveIdentity', 'replay', 'append'])
    expect((await replica.status()).starts).toBe(starts)
    await replica.close()
  }
})

test('D15: the incarnation is made with the place and stays with it', async () => {
  const storage = memoryStorage()
  const incarnations = new Set<string>()
  for (const place of [storage, storage, memoryStorage()]) {
    const replica = await start(place)
    incarnations.add((await replica.status()).incarnation)
    await replica.close()
  }
  expect(incarnations.size).toBe(2)
})

test('D15: data of another member or another cluster is refused with both names, and can still be opened by its own', async () => {
  const storage = memoryStorage()
  await (await start(storage)).close()
  await expect(start(storage, { id: 'n2', members: { n2: 'n2:1' } })).rejects.toMatchObject({
    code: 'WRONG_CLUSTER',
    message: expect.stringMatching(/belongs to member "n1" and this is "n2"/) as string,
  })
  await expect(start(storage, { cluster: 'other' })).rejects.toMatchObject({
    code: 'WRONG_CLUSTER',
    message: expect.stringMatching(/belongs to another cluster .* check the options/) as string,
  })
  await (await start(storage)).close()
})

test('D19: members count until something was agreed; later a difference is a warning and the founded ones hold', async () => {
  const storage = memoryStorage()
  const first = await start(storage, { members: { n1: { address: 'n1:1', clientAddress: 'n1:80' } } })
  await first.commands.add({ by: 1 })
  await first.close()
  const replica = await start(storage, { members: { n1: { address: 'elsewhere:1', clientAddress: 'n1:80' } } })
  const { members, warnings } = await replica.status()
  expect(members.map(({ address }) => address)).toEqual(['n1:1'])
  expect(warnings).toEqual([
    {
      code: 'MEMBERS_DIFFER',
      message: expect.stringMatching(
        /address of n1 is n1:1, and the option "members" says elsewhere:1.* holds/,
      ) as string,
      wallMs: expect.any(Number) as number,
    },
  ])
  await replica.close()
})

test('an even number of voters is a warning', async () => {
  const hub = memoryHub()
  const replica = await createReplica({
    id: 'n1',
    members: { n1: 'n1:1', n2: 'n2:1' },
    machine: counter,
    protocol: raft(),
    transport: memoryTransport({ hub }),
    storage: memoryStorage(),
    environment: nodeEnvironment(),
  })
  expect((await replica.status()).warnings.map(({ code }) => code)).toEqual(['EVEN_CLUSTER'])
  await replica.close()
})
