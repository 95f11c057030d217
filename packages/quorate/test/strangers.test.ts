/** Who is let in and who is not, by the real driver over real transports. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeError, type Logger, type Storage, type Transport } from '@quorate/contracts'
import { counter, createReplica, fileStorage, httpTransport, memoryStorage, raft, tcpTransport } from 'quorate'
import type { Replica } from 'quorate'
import { expect, onTestFinished, test, vi } from 'vitest'
import { certificate } from '../../../tools/certificates/certificate.js'
import { freeAddress } from './faulty-network/cluster.js'

/** Where a member listens if not at its address, and what hears why others were refused. */
interface Options {
  readonly listen?: string
  readonly logger?: Logger
}

type MakeTransport = (id: string, options?: Options) => Transport

const token = 'sixteen-or-more-letters'
const tcp: MakeTransport = (_, options) => tcpTransport({ reconnectMaxMs: 200, ...options })
const http: MakeTransport = (_, options) => httpTransport({ reconnectMaxMs: 200, token, ...options })
const tcpWithTls: MakeTransport = (id, options) =>
  tcpTransport({ reconnectMaxMs: 200, tls: certificate(id), ...options })
const httpWithTls: MakeTransport = (id, options) =>
  httpTransport({ reconnectMaxMs: 200, tls: certificate(id), ...options })

const transports: readonly (readonly [string, MakeTransport])[] = [
  ['tcp', tcp],
  ['tcp with TLS', tcpWithTls],
  ['http', http],
  ['http with TLS', httpWithTls],
]

interface StartOptions {
  readonly id: string
  readonly members: Readonly<Record<string, string>>
  readonly transport: Transport
  readonly cluster?: string
  readonly storage?: Storage
  readonly logger?: Logger
}

async function start(options: StartOptions): Promise<Replica<typeof counter>> {
  const replica = await createReplica({ storage: memoryStorage(), ...options, machine: counter, protocol: raft() })
  onTestFinished(() => replica.close())
  return replica
}

async function freeAddresses(): Promise<Readonly<Record<'a' | 'b' | 'c', string>>> {
  return { a: await freeAddress(), b: await freeAddress(), c: await freeAddress() }
}

/** A transport, and what it says of its links: `b down: …`. */
function heard(transport: Transport): { readonly transport: Transport; readonly links: string[] } {
  const links: string[] = []
  const start: Transport['start'] = (host) =>
    transport.start({
      ...host,
      onLink: (peer, state, reason) => {
        links.push(`${peer} ${state}: ${reason}`)
        host.onLink(peer, state, reason)
      },
    })
  return { transport: { start }, links }
}

function loggerInto(lines: string[]): Logger {
  const say = (_fields: object, message: string): void => void lines.push(message)
  return { debug() {}, info() {}, warn: say, error: say }
}

async function untilSaid(lines: readonly string[], what: RegExp): Promise<void> {
  await vi.waitUntil(() => lines.some((line) => what.test(line)), { timeout: 15_000, interval: 20 })
}

test.each(transports)(
  'over %s, a member of another cluster is refused by name, on both sides',
  async (_, transport) => {
    const members = await freeAddresses()
    const [one, another] = [heard(transport('a')), heard(transport('b'))]
    await start({ id: 'a', members, transport: one.transport, cluster: 'one' })
    await start({ id: 'b', members, transport: another.transport, cluster: 'another' })
    await untilSaid(one.links, /^b down: .*WRONG_CLUSTER/)
    await untilSaid(another.links, /^a down: .*WRONG_CLUSTER/)
  },
)

test.each(transports)('D16: over %s, a member with another directory is refused', async (_, transport) => {
  const members = await freeAddresses()
  const a = await start({ id: 'a', members, transport: transport('a') })
  const b = await start({ id: 'b', members, transport: transport('b') })
  await a.commands.add({ by: 1 })
  await b.close()
  const wiped = heard(transport('b'))
  await start({ id: 'b', members, transport: wiped.transport })
  await untilSaid(wiped.links, /^a down: .*MEMBER_IMPOSTOR.*another incarnation/)
  expect(wiped.links.join()).not.toContain('a up')
})

test.each(transports)(
  'D16, F-42: over %s, copies of a data directory are refused beside their original, which goes on',
  async (_, transport) => {
    const members = await freeAddresses()
    const place = await mkdtemp(join(tmpdir(), 'quorate-strangers-'))
    onTestFinished(() => rm(place, { recursive: true }))
    const storage = (name: string): Storage => fileStorage({ directory: join(place, name) })
    const original = () => start({ id: 'b', members, transport: transport('b'), storage: storage('original') })
    const copy = async (name: string): Promise<string[]> => {
      const { transport: counterfeit, links } = heard(transport('b', { listen: '127.0.0.1:0' }))
      // As on a file system that cannot tell a copy: elsewhere the storage itself refuses it.
      const copied = fileStorage({ directory: join(place, name), mayMove: true })
      await start({ id: 'b', members, transport: counterfeit, storage: copied })
      return links
    }
    const a = await start({ id: 'a', members, transport: transport('a') })
    const first = await original()
    await a.commands.add({ by: 1 })
    await first.close()
    for (const name of ['twin', 'old']) await cp(join(place, 'original'), join(place, name), { recursive: true })

    const second = await original()
    await second.commands.add({ by: 1 })
    const twin = await copy('twin')
    await untilSaid(twin, /^a down: .*MEMBER_IMPOSTOR: two processes run as b/)
    await second.commands.add({ by: 1 })
    await second.close()

    const third = await original()
    await third.commands.add({ by: 1 })
    // It is told before its start is over, or stops soon after it.
    const old = await copy('old').catch((error: unknown) => [describeError(error)])
    await untilSaid(
      old,
      /^a (down|does not take this member): .*STALE_DIRECTORY: b has started less often than it had.*older copy/,
    )
    await third.commands.add({ by: 1 })
    expect(await a.queries.value()).toBe(5)
    expect([...twin, ...old].join()).not.toContain('a up')
  },
)

test.each([
  ['in the clear', tcp, http],
  ['under TLS', tcpWithTls, httpWithTls],
])('%s, members with TCP and HTTP name the mistake, each as dialler and as dialled', async (_, withTcp, withHttp) => {
  const members = await freeAddresses()
  const refused = { a: [] as string[], b: [] as string[] }
  const warned = { a: [] as string[], b: [] as string[] }
  const links = { a: [] as string[], b: [] as string[] }
  for (const [id, transport] of [['a', withTcp] as const, ['b', withHttp] as const]) {
    const told = heard(transport(id, { logger: loggerInto(refused[id]) }))
    links[id] = told.links
    await start({ id, members, transport: told.transport, logger: loggerInto(warned[id]) })
  }
  const [speaksHttp, speaksTcp] = [
    'WRONG_TRANSPORT: the other side speaks HTTP, and this member TCP: give all members of a cluster the same transport',
    'WRONG_TRANSPORT: the other side speaks TCP, and this member HTTP: give all members of a cluster the same transport',
  ]
  // As the dialled one, in the log of the transport.
  await untilSaid(refused.a, new RegExp(`^a connection was refused: ${speaksHttp}$`))
  await untilSaid(refused.b, new RegExp(`^a connection was refused: ${speaksTcp}$`))
  // As the dialler, in the log of the replica.
  await untilSaid(warned.a, new RegExp(`^link to b: ${members.b} was not understood: ${speaksHttp}$`))
  await untilSaid(warned.b, new RegExp(`^link to a: ${members.a} refused: ${speaksHttp}$`))
  const reasons = [refused.a, refused.b, warned.a, warned.b].map(
    (lines) => new Set(lines.filter((line) => line.includes('WRONG_TRANSPORT'))).size,
  )
  expect(reasons).toEqual([1, 1, 1, 1])
  expect([...links.a, ...links.b].join()).not.toContain('up:')
})
