/** What somebody can do who holds a certificate of the right authority, or the token, and is no member: nothing. */
import {
  ByteWriter,
  nodeId,
  type Channel,
  type RunningTransport,
  type Transport,
  type TransportHost,
} from '@quorate/contracts'
import { nodeEnvironment, type CertificatesOption, type PeerCertificate } from '@quorate/contracts/node'
import { counter, createReplica, httpTransport, memoryStorage, raft, tcpTransport } from 'quorate'
import { expect, onTestFinished, test, vi } from 'vitest'
import { certificate } from '../../../tools/certificates/certificate.js'
import { freeAddress } from './faulty-network/cluster.js'
import { frameOf, framesOfLastTerm } from './hostile/frames.js'

const token = 'sixteen-or-more-letters'
const quick = { reconnectMaxMs: 200 }

/** As members and outsider have them: the certificates of all are of one authority. */
const transports: readonly (readonly [string, (id: string) => Transport])[] = [
  ['tcp', () => tcpTransport(quick)],
  ['tcp with TLS', (id) => tcpTransport({ ...quick, tls: certificate(id) })],
  ['http with a token', () => httpTransport({ ...quick, token })],
  ['http with TLS', (id) => httpTransport({ ...quick, tls: certificate(id) })],
]

/** A request for votes in the last of all terms, as if a leader had asked for the election; and a proposal of garbage. */
const attack: readonly Uint8Array[] = [
  frameOf(1).u8(1).u8(2).u53(Number.MAX_SAFE_INTEGER).u53(1_000).u53(1_000).boolean(true).finish(),
  frameOf(2)
    .u53(1)
    .u8(0)
    .bytes(Uint8Array.of(255, 254, 253))
    .finish(),
]

/**
 * Where parts of a hello end that stand behind their lengths, the first behind the format: the challenge, for whom it is,
 * the cluster, the id, the incarnation.
 */
function endsOf(hello: Uint8Array, count: number): number[] {
  const view = new DataView(hello.buffer, hello.byteOffset)
  const ends: number[] = []
  for (let at = 1; ends.length < count; ends.push(at)) at += 4 + view.getUint32(at, true)
  return ends
}

/** The hello of a member as another one would say it whose id is as long. */
function helloAs(id: string, hello: Uint8Array): Uint8Array {
  const forged = new Uint8Array(hello)
  const [, , endOfCluster = 0] = endsOf(hello, 3)
  forged.set(new TextEncoder().encode(id), endOfCluster + 4)
  return forged
}

/** The same of a member that has started as often as can be said. */
function startedForEver(hello: Uint8Array): Uint8Array {
  const forged = new Uint8Array(hello)
  forged.set(new ByteWriter().u53(Number.MAX_SAFE_INTEGER).finish(), endsOf(hello, 5)[4])
  return forged
}

/** The id that a hello claims, of one letter. */
function idIn(hello: Uint8Array): string {
  return String.fromCharCode(hello[(endsOf(hello, 3)[2] ?? 0) + 4] ?? 0)
}

/** A member's transport, the hello that it would say to whoever asks, and those that it has said. */
function overheard(transport: Transport) {
  const said: Uint8Array[] = []
  let hello: TransportHost['hello'] = () => new Uint8Array()
  return {
    transport: {
      start: (host) => {
        hello = (challenge, to) => host.hello(challenge, to)
        const noting: TransportHost['hello'] = (challenge, to) => {
          said.push(new Uint8Array(hello(challenge, to)))
          return hello(challenge, to)
        }
        return transport.start({ ...host, hello: noting })
      },
    } satisfies Transport,
    hello: (...asked: Parameters<TransportHost['hello']>) => hello(...asked),
    said,
  }
}

/** Somebody who lets everybody in, and attacks whoever lets it in. */
async function outsider(
  transport: Transport,
  hello: TransportHost['hello'],
  members: Readonly<Record<string, string>>,
  frames: readonly Uint8Array[] = attack,
): Promise<{ readonly links: string[]; readonly running: RunningTransport }> {
  const links: string[] = []
  let running: RunningTransport | null = null
  const send = (to: string, channel: Channel): void => {
    for (const frame of frames) running?.send(nodeId(to), new Uint8Array(frame), channel)
  }
  running = await transport.start({
    environment: nodeEnvironment(),
    self: nodeId('c'),
    address: await freeAddress(),
    hello,
    admit: (theirs) => Promise.resolve({ peer: nodeId(idIn(theirs)) }),
    onFrame: () => {},
    onLink: (peer, state, reason) => {
      links.push(`${peer} ${state}: ${reason}`)
      if (state === 'up') send(peer, 'control')
    },
  })
  onTestFinished(() => running.close())
  running.setPeers(new Map(Object.entries(members).map(([id, address]) => [nodeId(id), address])))
  return { links, running }
}

async function start(
  id: string,
  members: Readonly<Record<string, string>>,
  transport: Transport,
  storage = memoryStorage(),
) {
  const replica = await createReplica({ id, members, transport, storage, machine: counter, protocol: raft() })
  onTestFinished(() => replica.close())
  return replica
}

test.each(transports)(
  'D17, F-35: over %s, whoever is no member is refused, and deposes nobody',
  async (_, transport) => {
    const members = { a: await freeAddress(), b: await freeAddress() }
    const told = overheard(transport('a'))
    const a = await start('a', members, told.transport)
    await start('b', members, transport('b'))
    await a.commands.add({ by: 1 })
    const { links } = await outsider(transport('c'), (...asked) => helloAs('c', told.hello(...asked)), members)
    await vi.waitUntil(() => ['a', 'b'].every((id) => links.some((link) => link.startsWith(id))), { timeout: 15_000 })
    for (let sum = 2; sum <= 6; sum += 1) expect(await a.commands.add({ by: 1 }, { timeoutMs: 5_000 })).toBe(sum)
    expect(links.join('\n')).not.toMatch(/up:/)
    for (const id of ['a', 'b']) {
      expect(links.join('\n')).toMatch(
        new RegExp(`^${id} down: .*refused: NOT_A_MEMBER: "c" is not in the configuration`, 'm'),
      )
    }
  },
)

test.each(transports)(
  'D16: over %s, nobody can end the life of a member by a hello in its name',
  async (_, transport) => {
    const members = { a: await freeAddress(), b: await freeAddress() }
    const storage = memoryStorage()
    const a = await start('a', members, transport('a'))
    const told = overheard(transport('b'))
    const b = await start('b', members, told.transport, storage)
    await a.commands.add({ by: 1 })
    const hello: TransportHost['hello'] = (...asked) => startedForEver(told.hello(...asked))
    await b.close()
    const { links, running } = await outsider(transport('c'), hello, { a: members.a })
    await vi.waitUntil(() => links.length > 0, { timeout: 15_000 })
    expect(links.join('\n')).toMatch(/^a down: .*refused: MEMBER_IMPOSTOR/)
    await running.close()
    await start('b', members, transport('b'), storage)
    expect(await a.commands.add({ by: 1 }, { timeoutMs: 10_000 })).toBe(2)
  },
)

test.each(transports)('D16: over %s, a hello of a member that was overheard lets nobody in', async (_, transport) => {
  const members = { a: await freeAddress(), b: await freeAddress() }
  const a = await start('a', members, transport('a'))
  const told = overheard(transport('b'))
  const b = await start('b', members, told.transport)
  await a.commands.add({ by: 1 })
  await b.close()
  const [said = new Uint8Array()] = told.said
  const { links } = await outsider(transport('b'), () => said, { a: members.a })
  await vi.waitUntil(() => links.length > 0, { timeout: 15_000 })
  expect(links.join('\n')).toMatch(/^a down: .*refused: MEMBER_IMPOSTOR: the hello answers another connection/)
})

test.each([
  ['tcp', (tls: CertificatesOption) => tcpTransport({ ...quick, tls })],
  ['http', (tls: CertificatesOption) => httpTransport({ ...quick, tls })],
])('D17: over %s, a predicate says whose certificates may be members', async (_, transport) => {
  const members = { a: await freeAddress(), b: await freeAddress() }
  const seen: PeerCertificate[] = []
  const told = overheard(transport(certificate('b')))
  let isTaken = true
  const mayBeMember = (shown: PeerCertificate): boolean => {
    seen.push(shown)
    if (!isTaken) throw new Error('the list of members cannot be read')
    return shown.issuer === 'authority'
  }
  const a = await start(
    'a',
    members,
    transport(() => ({ ...certificate('a'), mayBeMember })),
  )
  const b = await start('b', members, told.transport)
  await a.commands.add({ by: 1 })
  expect(seen[0]).toMatchObject({ name: 'b', issuer: 'authority', organizationalUnits: [], alternativeNames: [] })
  expect(seen[0]?.fingerprint256).toMatch(/^([0-9A-F]{2}:){31}/)
  await b.close()
  isTaken = false
  const { links } = await outsider(transport(certificate('b')), told.hello, { a: members.a })
  await vi.waitUntil(() => links.length > 0, { timeout: 15_000 })
  expect(links.join('\n')).toMatch(/^a down: .*refused: MEMBER_IMPOSTOR: the certificate that was shown is no member's/)
})

test.each(transports)('F-34: over %s, a member cannot lead the others into the last term', async (_, transport) => {
  const members = { a: await freeAddress(), b: await freeAddress(), c: await freeAddress() }
  const told = overheard(transport('a'))
  const a = await start('a', members, told.transport)
  const b = await start('b', members, transport('b'))
  await a.commands.add({ by: 1 })
  await outsider(
    transport('c'),
    (...asked) => helloAs('c', told.hello(...asked)),
    { a: members.a, b: members.b },
    framesOfLastTerm(),
  )
  const saysWhy = async (): Promise<boolean> => {
    const both = [await a.status(), await b.status()]
    return both.every(({ protocol }) => /"refused":"c: a \w+ of term \d+ is too far/.test(JSON.stringify(protocol)))
  }
  await vi.waitUntil(saysWhy, { timeout: 15_000 })
  await a.commands.add({ by: 1 }, { timeoutMs: 5_000 })
  const { leader } = (await a.status()).leadership
  await (leader === 'a' ? a.transferLeadership('b') : b.transferLeadership('a'))
  expect(await a.commands.add({ by: 1 }, { timeoutMs: 5_000 })).toBe(3)
})
