import { fixedLeader } from '@quorate/conformance'
import { nodeId, silentLogger, type Member, type Storage, type Transport } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { counter } from '@quorate/machine-counter'
import { raft } from '@quorate/raft'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { describe, expect, test } from 'vitest'
import { Events } from '../src/events.js'
import { refuseUnreachable, warnOfDifferences } from '../src/founding-addresses.js'
import { createReplica, type Replica } from '../src/index.js'

function founder(id: string, address: string, clientAddress: string | null = null): Member {
  return { id: nodeId(id), address, clientAddress, incarnation: null, role: 'voter' }
}

describe('D19: at the first start addresses are refused', () => {
  test.each([
    ['0.0.0.0:7001', /nobody can be reached at 0\.0\.0\.0:7001/],
    ['[::]:7001', /nobody can be reached at \[::\]:7001/],
    ['127.0.0.1:0', /port 0 of 127\.0\.0\.1:0/],
  ])('at which nobody can be reached: %s', (address, message) => {
    expect(() => refuseUnreachable([founder('n1', 'a:1'), founder('n2', address)])).toThrow(message)
    expect(() => refuseUnreachable([founder('n1', 'a:1', address)])).toThrow(/members\.n1\.clientAddress/)
  })

  test('that two members share', () => {
    expect(() => refuseUnreachable([founder('n1', 'a:1'), founder('n2', 'a:1')])).toThrow(/n1 and n2 have one address/)
    expect(() => refuseUnreachable([founder('n1', 'a:1'), founder('n2', 'a:2')])).not.toThrow()
  })
})

test('D19: later each difference is told, with which one holds and the way to change it', () => {
  const events = new Events(silentLogger)
  const founded = [founder('n1', 'a:1'), founder('n2', 'a:2')]
  warnOfDifferences(founded, [founder('n1', 'a:1'), founder('n2', 'b:2')], events)
  expect(events.warnings[0]?.message).toMatch(
    /^the address of n2 is a:2, and the option "members" says b:2\. .*recover/,
  )
})

const hub = memoryHub()

function start(
  members: Record<string, string>,
  storage: Storage,
  transport: Transport,
): Promise<Replica<typeof counter>> {
  const options = { id: 'n1', machine: counter, protocol: raft(), environment: nodeEnvironment() }
  return createReplica({ ...options, members, storage, transport })
}

test('D19: a slip at the first start is refused and leaves nothing; corrected options count while nothing was agreed', async () => {
  const [storage, here] = [memoryStorage(), memoryTransport({ hub })]
  const network: Transport = { start: (host) => here.start(host) }
  const slip = start({ n1: 'n1:1', n2: '0.0.0.0:1', n3: '0.0.0.0:1' }, storage, network)
  await expect(slip).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
  const wrong = await start({ n1: 'n1:1', n2: 'wrong:1', n3: 'n3:1' }, storage, network)
  await wrong.close()
  const corrected = await start({ n1: 'n1:1', n2: 'n2:1', n3: 'n3:1' }, storage, network)
  const { members, warnings } = await corrected.status()
  expect(members.map(({ address }) => address)).toEqual(['n1:1', 'n2:1', 'n3:1'])
  expect(warnings.map(({ code }) => code)).not.toContain('MEMBERS_DIFFER')
  await corrected.close()
})

test('D22: clients are told the client address of this start, by its own member and by the others', async () => {
  const apart = memoryHub()
  const [ids, storages] = [
    ['n1', 'n2'],
    new Map([
      ['n1', memoryStorage()],
      ['n2', memoryStorage()],
    ]),
  ] as const
  const begin = (id: string, at: string): Promise<Replica<typeof counter>> =>
    createReplica({
      id,
      members: Object.fromEntries(ids.map((each) => [each, { address: `${each}:1`, clientAddress: `${each}:${at}` }])),
      machine: counter,
      protocol: fixedLeader({ leader: nodeId('n1') }),
      storage: storages.get(id)!,
      transport: memoryTransport({ hub: apart }),
      environment: nodeEnvironment(),
    })
  const before = await Promise.all(ids.map((id) => begin(id, '80')))
  await before[0]!.commands.add({ by: 1 })
  await before[0]!.close()
  const again = await begin('n1', '90')
  const told = async (replica: Replica<typeof counter>) => (await replica.status()).leadership.clientAddress
  while ((await told(again)) !== 'n1:90' || (await told(before[1]!)) !== 'n1:90') await nodeEnvironment().yieldTurn()
  await Promise.all([again.close(), before[1]!.close()])
})
