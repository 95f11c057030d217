import {
  nodeId,
  sortedMembers,
  type Credentials,
  type MachineModule,
  type Members,
  type NodeId,
  type Operation,
} from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { counter } from '@quorate/machine-counter'
import { memoryStorage } from '@quorate/storage-memory'
import { expect, test } from 'vitest'
import { admit, isToldStale, startsStepMax } from '../src/admission.js'
import { clusterIdOf } from '../src/cluster-id.js'
import { decodeHello, encodeHello, type Hello } from '../src/hello.js'
import { IdentityFile } from '../src/identity-file.js'
import { announcedMachine, type AnnouncedMachine } from '../src/versions/command-lists.js'

/** What n1 has drawn for the connection that is decided about. */
const challenge = new Uint8Array(16).fill(7)

const nobody: Credentials = { name: null, how: 'none' }

function founders(ids: readonly string[], port = 7001): Members {
  return sortedMembers(
    ids.map((id, at) => ({
      id: nodeId(id),
      address: `127.0.0.1:${port + at}`,
      clientAddress: null,
      incarnation: null,
      role: 'voter' as const,
    })),
  )
}

const clusterId = clusterIdOf('quorate', founders(['n1', 'n2', 'n3']))

/** A machine with these commands, each since its version. */
function machineOf(commands: Readonly<Record<string, number>>, named: Partial<MachineModule> = {}): AnnouncedMachine {
  const version = Math.max(1, ...Object.values(commands))
  const operations = Object.fromEntries(
    Object.entries(commands).map(([name, since]) => [name, { since } as Operation<unknown, unknown>]),
  )
  return announcedMachine({ ...counter, name: 'shop', version, ...named, commands: operations })
}

function helloOf(id: string, differs: Partial<Hello> = {}): Hello {
  return {
    challenge,
    to: nodeId('n1'),
    clusterId,
    self: nodeId(id),
    incarnation: `${id}-first`,
    starts: 5,
    run: 'a',
    recovered: 0,
    protocol: 'raft',
    versions: { oldest: 1, newest: 1 },
    clientAddress: '',
    machine: machineOf({ add: 1 }),
    supports: new Map(),
    ...differs,
  }
}

/** The configuration: n1, n2 and n3, whose directories are bound to this life, or to none. */
function memberOf(id: NodeId, incarnation: string | null = null): { readonly incarnation: string | null } | null {
  return ['n1', 'n2', 'n3'].includes(id) ? { incarnation } : null
}

/** Member n1, and what it answers to hellos one after the other. */
async function gate(bound: string | null = null, self = helloOf('n1')) {
  const storage = await memoryStorage().open()
  const claim = { clusterId, self: nodeId('n1'), founders: founders(['n1', 'n2', 'n3']) }
  const identity = await IdentityFile.claim(storage, nodeEnvironment(), claim)
  const details: string[] = []
  const answer = async (hello: Hello, credentials = nobody): Promise<string> => {
    const admission = await admit(encodeHello(hello), credentials, challenge, self, identity, (id) =>
      memberOf(id, bound),
    )
    if ('refuse' in admission && admission.detail !== undefined) details.push(admission.detail)
    return 'refuse' in admission ? admission.refuse : `welcome ${admission.peer}`
  }
  return { answer, storage, identity, details }
}

test('D16: a hello that was said on another connection, or to another member, is refused, and nothing of it is kept', async () => {
  const { answer, identity } = await gate()
  const elsewhere = 'MEMBER_IMPOSTOR: the hello answers another connection'
  const overheard = helloOf('n2', { challenge: new Uint8Array(16).fill(8), clusterId: 'other', starts: 9 })
  expect(await answer(overheard)).toContain(elsewhere)
  expect(await answer(overheard, { name: 'n2', how: 'mutualTls' })).toContain(elsewhere)
  expect(await answer(helloOf('n2', { challenge: new Uint8Array() }))).toContain(elsewhere)
  expect(await answer(helloOf('n2', { challenge: challenge.subarray(0, 15) }))).toContain(elsewhere)
  expect(await answer(helloOf('n2', { to: nodeId('n3') }))).toMatch(
    /^MEMBER_IMPOSTOR: the hello of n2 is for "n3", and this is n1: check the addresses/,
  )
  expect(identity.current.peers.size).toBe(0)
  expect(await answer(helloOf('n2'))).toBe('welcome n2')
})

test('D17: an id outside the configuration is refused, whatever it proves, and nothing of it is kept', async () => {
  const { answer, identity } = await gate()
  const refusal =
    'NOT_A_MEMBER: "web-1" is not in the configuration of this cluster: check the options "id" and "members"'
  expect(await answer(helloOf('web-1'))).toBe(refusal)
  expect(await answer(helloOf('web-1'), { name: 'web-1', how: 'mutualTls' })).toBe(refusal)
  expect(await answer(helloOf('web-1'), { name: null, how: 'bearer' })).toBe(refusal)
  expect(identity.current.peers.size).toBe(0)
})

test('D17: its own hello comes from nobody: it was sent back, or this member has dialled itself', async () => {
  const { answer } = await gate()
  expect(await answer(helloOf('n1'))).toMatch(/^MEMBER_IMPOSTOR: n1 has reached itself/)
  expect(await answer(helloOf('n1', { run: 'b' }))).toMatch(/^MEMBER_IMPOSTOR: two processes call themselves "n1"/)
})

test('D17: another cluster, another protocol, no common version and a foreign certificate are refused', async () => {
  const { answer } = await gate()
  expect(await answer(helloOf('n2', { clusterId: 'ffff' }))).toMatch(/^WRONG_CLUSTER: n2 and n1 .*check the options/)
  expect(await answer(helloOf('n2', { protocol: 'zab' }))).toMatch(/n2 runs the protocol zab, and n1 runs raft/)
  expect(await answer(helloOf('n2', { versions: { oldest: 2, newest: 3 } }))).toMatch(/no common protocol version/)
  expect(await answer(helloOf('n2'), { name: 'n3', how: 'mutualTls' })).toMatch(/^MEMBER_IMPOSTOR: the certificate/)
  expect(await answer(helloOf('n2'), { name: 'n2', how: 'mutualTls' })).toBe('welcome n2')
})

test('D16: another directory of a member that was seen is refused, and the message says the way out', async () => {
  const { answer } = await gate()
  expect(await answer(helloOf('n2'))).toBe('welcome n2')
  expect(await answer(helloOf('n2', { incarnation: 'wiped' }))).toMatch(
    /^MEMBER_IMPOSTOR: n2 comes with another data directory .* remove the member and add it again/,
  )
})

test('D16: a restored copy has started less often than was seen, and two runs at one start are two processes', async () => {
  const { answer } = await gate()
  expect(await answer(helloOf('n2'))).toBe('welcome n2')
  expect(await answer(helloOf('n2', { starts: 4 }))).toMatch(
    /^STALE_DIRECTORY: n2 has started less often .* older copy/,
  )
  expect(await answer(helloOf('n2', { run: 'b' }))).toMatch(/MEMBER_IMPOSTOR: two processes run as n2/)
  expect(await answer(helloOf('n2', { starts: 6, run: 'b' }))).toBe('welcome n2')
  expect(await answer(helloOf('n2'))).toMatch(/STALE_DIRECTORY/)
})

test('D16: a start that finds less than its member had vouched for is refused, whatever it says of its starts', async () => {
  const { answer, identity } = await gate()
  expect(await answer(helloOf('n2', { recovered: 10 }))).toBe('welcome n2')
  identity.hear(nodeId('n2'), 30)
  identity.hear(nodeId('n2'), 20)
  expect(await answer(helloOf('n2', { recovered: 10 })), 'another connection of that run').toBe('welcome n2')
  const stale = helloOf('n2', { starts: 6, run: 'b', recovered: 29 })
  expect(await answer(stale)).toMatch(
    /^STALE_DIRECTORY: n2 comes back with a journal that has less than it had vouched for: .* older copy/,
  )
  expect(await answer({ ...stale, recovered: 30 })).toBe('welcome n2')
})

test('D16: what a start has found counts as vouched for, and is forgotten with the incarnation only', async () => {
  const { answer } = await gate('n2-first')
  expect(await answer(helloOf('n2', { recovered: 10 }))).toBe('welcome n2')
  expect(await answer(helloOf('n2', { starts: 6, run: 'b', recovered: 9 }))).toMatch(/^STALE_DIRECTORY/)
})

test('what peers have vouched for is kept when it is news, and still known by the next life', async () => {
  const { answer, identity, storage } = await gate()
  await answer(helloOf('n2', { recovered: 10 }))
  let saved = 0
  const save = storage.saveIdentity.bind(storage)
  storage.saveIdentity = async (bytes) => {
    await save(bytes)
    saved += 1
  }
  identity.hear(nodeId('n2'), 30)
  identity.hear(nodeId('n9'), 30)
  await identity.keep()
  await identity.keep()
  expect(saved).toBe(1)
  const claim = { clusterId, self: nodeId('n1'), founders: founders(['n1', 'n2', 'n3']) }
  const again = await IdentityFile.claim(storage, nodeEnvironment(), claim)
  expect(again.lifeOf(nodeId('n2'))).toEqual({ incarnation: 'n2-first', starts: 5, run: 'a', persisted: 30 })
  const stale = encodeHello(helloOf('n2', { starts: 6, run: 'b', recovered: 29 }))
  expect(await admit(stale, nobody, challenge, helloOf('n1'), again, memberOf)).toMatchObject({
    refuse: expect.stringMatching(/^STALE_DIRECTORY/) as string,
  })
})

test('D16: a documented limit: an image is taken in by a peer that has not heard of what came after it', async () => {
  const [knows, doesNot] = [await gate(), await gate()]
  for (const { answer } of [knows, doesNot]) expect(await answer(helloOf('n2', { recovered: 10 }))).toBe('welcome n2')
  knows.identity.hear(nodeId('n2'), 30)
  const image = helloOf('n2', { starts: 6, run: 'b', recovered: 10 })
  expect(await knows.answer(image)).toMatch(/^STALE_DIRECTORY/)
  expect(await doesNot.answer(image)).toBe('welcome n2')
})

test('whoever is refused for its directory knows it from the reason, and whoever refuses does not', () => {
  const [n1, n2] = [nodeId('n1'), nodeId('n2')]
  expect(isToldStale('n1:1 refused: STALE_DIRECTORY: n2 comes back', n2)).toBe(true)
  expect(isToldStale('n2:1 was refused here: STALE_DIRECTORY: n2 comes back', n1)).toBe(false)
})

test('D16: what the configuration holds counts before what was seen', async () => {
  const { answer } = await gate('n2-bound')
  expect(await answer(helloOf('n2'))).toMatch(/MEMBER_IMPOSTOR: n2 comes with another data directory/)
  expect(await answer(helloOf('n2', { incarnation: 'n2-bound' }))).toBe('welcome n2')
})

test('D16: what was learned of a peer is durable before it is let in', async () => {
  const { answer, storage } = await gate()
  let saved = 0
  const save = storage.saveIdentity.bind(storage)
  storage.saveIdentity = async (bytes) => {
    await save(bytes)
    saved += 1
  }
  await answer(helloOf('n2'))
  expect(saved).toBe(1)
  await answer(helloOf('n2'))
  expect(saved).toBe(1)
})

test('D18: the cluster id comes from the name and the founders’ ids, not from their order or addresses', () => {
  expect(clusterIdOf('quorate', founders(['n1', 'n2', 'n3'], 9001))).toBe(clusterId)
  expect(clusterIdOf('quorate', [...founders(['n1', 'n2', 'n3'])].reverse())).toBe(clusterId)
  expect(clusterIdOf('other', founders(['n1', 'n2', 'n3']))).not.toBe(clusterId)
  expect(clusterIdOf('quorate', founders(['n1', 'n2']))).not.toBe(clusterId)
  expect(clusterIdOf('quorate', founders(['n1', 'n2', 'n4']))).not.toBe(clusterId)
})

test('D26: another machine, or other commands in a version that both know, is refused by name; a later version is not', async () => {
  const self = helloOf('n1', { machine: machineOf({ add: 1, gift: 2 }) })
  const { answer } = await gate(null, self)
  const other = (machine: AnnouncedMachine) => answer(helloOf('n2', { machine }))
  expect(await other(machineOf({ add: 1 }))).toBe('welcome n2')
  expect(await other(machineOf({ gift: 2, add: 1, more: 3, evenMore: 7 }))).toBe('welcome n2')
  expect(await other(machineOf({ add: 1, gift: 1 }))).toMatch(/WRONG_MACHINE: version 1 .*at n2 than at n1/)
  expect(await other(machineOf({ add: 1, more: 2 }))).toMatch(/WRONG_MACHINE: version 2/)
  expect(await other(machineOf({ gift: 2 }))).toMatch(/WRONG_MACHINE/)
  expect(await other(machineOf({ add: 1 }, { name: 'bank' }))).toMatch(/WRONG_MACHINE: n2 runs the machine "bank"/)
  expect(await other(machineOf({ add: 1 }, { codec: 'cbor' }))).toMatch(/WRONG_MACHINE: .* in cbor/)
})

test('D40: a hello of a later format is refused by name, and bytes that are no hello say so', async () => {
  const { answer } = await gate()
  const hello = helloOf('n2')
  expect(await answer(hello)).toBe('welcome n2')
  const storage = await memoryStorage().open()
  const identity = await IdentityFile.claim(storage, nodeEnvironment(), {
    clusterId,
    self: nodeId('n1'),
    founders: founders(['n1']),
  })
  const newer = encodeHello(hello)
  newer[0] = 9
  expect(await admit(newer, nobody, challenge, hello, identity, memberOf)).toEqual({
    refuse: expect.stringMatching(/FORMAT_TOO_NEW: hello format 9/) as string,
  })
  expect(await admit(encodeHello(hello).subarray(0, 30), nobody, challenge, hello, identity, memberOf)).toEqual({
    refuse: expect.stringMatching(/the hello cannot be read/) as string,
  })
})

test('D17: a refusal says that something differs, and the own log what would have been right', async () => {
  const { answer, identity, details } = await gate()
  expect(await answer(helloOf('n2', { recovered: 10 }))).toBe('welcome n2')
  identity.hear(nodeId('n2'), 7_654_321)
  const told = [
    await answer(helloOf('n2', { clusterId: 'ffff' })),
    await answer(helloOf('n2', { incarnation: 'wiped' })),
    await answer(helloOf('n2', { starts: 4 })),
    await answer(helloOf('n2', { starts: 6, run: 'b', recovered: 29 })),
    await answer(helloOf('n2', { starts: 999_999, run: 'b', recovered: 7_654_321 })),
  ].join()
  for (const right of [clusterId, 'n2-first', ' 5', '7654321']) {
    expect(told).not.toContain(right)
    expect(details.join()).toContain(right)
  }
})

test('a hello that claims the end of all numbers is refused without TLS, and the member itself is let in after it', async () => {
  for (const known of [true, false]) {
    const { answer, identity } = await gate()
    if (known) expect(await answer(helloOf('n2'))).toBe('welcome n2')
    const before = identity.current
    for (const how of ['none', 'bearer'] as const) {
      const forged = { starts: Number.MAX_SAFE_INTEGER, run: 'x' }
      expect(await answer(helloOf('n2', forged), { name: null, how })).toMatch(/^MEMBER_IMPOSTOR: n2 says that it has/)
      const records = { starts: 6, run: 'x', recovered: Number.MAX_SAFE_INTEGER }
      expect(await answer(helloOf('n2', records), { name: null, how })).toMatch(/^MEMBER_IMPOSTOR: n2 says that it has/)
    }
    expect(identity.current).toBe(before)
    expect(await answer(helloOf('n2', { starts: 6, run: 'b' }))).toBe('welcome n2')
    const proved = { name: 'n2', how: 'mutualTls' } as const
    expect(await answer(helloOf('n2', { starts: 6 + 2 * startsStepMax, run: 'c' }), proved)).toBe('welcome n2')
  }
})

test('a frame that vouches for the end of all records is not believed, and the next start of its member is taken', async () => {
  const { answer, identity } = await gate()
  expect(await answer(helloOf('n2', { recovered: 10 }))).toBe('welcome n2')
  identity.hear(nodeId('n2'), Number.MAX_SAFE_INTEGER)
  identity.hear(nodeId('n2'), 30)
  await identity.keep()
  expect(identity.lifeOf(nodeId('n2'))?.persisted).toBe(30)
  expect(await answer(helloOf('n2', { starts: 6, run: 'b', recovered: 30 }))).toBe('welcome n2')
})

test('what was learned of a peer can be forgotten: then its directory is taken as it comes', async () => {
  const { answer, storage } = await gate()
  expect(await answer(helloOf('n2', { starts: 90_000, recovered: 500 }))).toBe('welcome n2')
  expect(await answer(helloOf('n3'))).toBe('welcome n3')
  const claim = { clusterId, self: nodeId('n1'), founders: founders(['n1', 'n2', 'n3']) }
  const again = await IdentityFile.claim(storage, nodeEnvironment(), claim, [nodeId('n2')])
  expect([...again.current.peers.keys()]).toEqual(['n3'])
  expect(await admit(encodeHello(helloOf('n2')), nobody, challenge, helloOf('n1'), again, memberOf)).toMatchObject({
    peer: 'n2',
  })
})

test.each(['incarnation', 'run', 'clusterId', 'protocol', 'clientAddress'])(
  'a hello with 38 kB of %s is none',
  (field) => {
    expect(decodeHello(encodeHello(helloOf('n2', { [field]: 'x'.repeat(38_000) })))).toMatchObject({
      refuse: expect.stringMatching(/too long/) as string,
    })
    expect(decodeHello(encodeHello(helloOf('n2', { [field]: '\x1b[2J' })))).toHaveProperty('refuse')
  },
)
