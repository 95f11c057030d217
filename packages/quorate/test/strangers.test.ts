/** Who is let in and who is not, by the real driver over real transports. */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import type { Transport } from '@quorate/contracts'
import { counter, createReplica, httpTransport, memoryStorage, raft, tcpTransport, type Replica } from 'quorate'
import { expect, onTestFinished, test, vi } from 'vitest'

const transports: readonly (readonly [string, () => Transport])[] = [
  ['tcp', () => tcpTransport({ reconnectMaxMs: 200 })],
  ['http', () => httpTransport({ reconnectMaxMs: 200, token: 'sixteen-or-more-letters' })],
]

interface StartOptions {
  readonly id: string
  readonly members: Readonly<Record<string, string>>
  readonly transport: Transport
  readonly cluster?: string
}

async function start(options: StartOptions): Promise<Replica<typeof counter>> {
  const replica = await createReplica({ ...options, machine: counter, protocol: raft(), storage: memoryStorage() })
  onTestFinished(() => replica.close())
  return replica
}

/** One that was free a moment ago. */
async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `127.0.0.1:${port}`
}

/** A transport, and what it says of its links: `n2 down: …`. */
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

async function untilSaid(links: readonly string[], what: RegExp): Promise<void> {
  await vi.waitUntil(() => links.some((link) => what.test(link)), { timeout: 15_000, interval: 20 })
}

test.each(transports)(
  'over %s, a member of another cluster is refused by name, on both sides',
  async (_, transport) => {
    const members = { n1: await freeAddress(), n2: await freeAddress() }
    const [one, another] = [heard(transport()), heard(transport())]
    await start({ id: 'n1', members, transport: one.transport, cluster: 'one' })
    await start({ id: 'n2', members, transport: another.transport, cluster: 'another' })
    await untilSaid(one.links, /^n2 down: .*WRONG_CLUSTER/)
    await untilSaid(another.links, /^n1 down: .*WRONG_CLUSTER/)
  },
)

test.each(transports)('D16: over %s, a member with another directory is refused', async (_, transport) => {
  const members = { n1: await freeAddress(), n2: await freeAddress(), n3: await freeAddress() }
  const n1 = await start({ id: 'n1', members, transport: transport() })
  const n2 = await start({ id: 'n2', members, transport: transport() })
  await n1.commands.add({ by: 1 })
  await n2.close()
  const wiped = heard(transport())
  await start({ id: 'n2', members, transport: wiped.transport })
  await untilSaid(wiped.links, /^n1 down: .*MEMBER_IMPOSTOR.*incarnation/)
  expect(wiped.links.join()).not.toContain('n1 up')
})
