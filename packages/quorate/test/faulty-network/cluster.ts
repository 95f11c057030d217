import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { nodeId, type NodeId, type Transport } from '@quorate/contracts'
import { counter, createReplica, httpTransport, memoryStorage, raft, tcpTransport, type Replica } from 'quorate'

export type TransportName = 'tcp' | 'http'

/** The members of every cluster here. */
export const ids = ['n1', 'n2', 'n3', 'n4', 'n5'].map(nodeId)
const token = 'a token that all members know'.replaceAll(' ', '-')
/** Transports that lose patience within a second. */
export const transports: Readonly<Record<TransportName, () => Transport>> = {
  tcp: () => tcpTransport({ probeIntervalMs: 200, probeTimeoutMs: 1_000, helloTimeoutMs: 1_000, reconnectMaxMs: 300 }),
  http: () =>
    httpTransport({ token, beatIntervalMs: 200, silenceTimeoutMs: 1_000, helloTimeoutMs: 1_000, reconnectMaxMs: 300 }),
}

export type Member = Replica<typeof counter>

/** Starts all members over this transport, as `through` makes it. */
export async function startAll(
  name: TransportName,
  through: (transport: Transport) => Transport = (transport) => transport,
): Promise<Member[]> {
  const addresses = new Map<string, string>()
  for (const id of ids) addresses.set(id, await freeAddress())
  return Promise.all(
    ids.map((id) =>
      createReplica({
        id,
        members: Object.fromEntries(addresses),
        machine: counter,
        protocol: raft(),
        transport: through(transports[name]()),
        storage: memoryStorage(),
      }),
    ),
  )
}

const given = new Set<number>()

/** An address that was free a moment ago, and that nobody in this process was given before. */
export async function freeAddress(): Promise<string> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    if (given.has(port)) continue
    given.add(port)
    return `127.0.0.1:${port}`
  }
}

/** The driver takes care that it happens once, however often it is sent again. */
export async function add(member: Member | undefined): Promise<void> {
  await member?.commands.add({ by: 1 }, { timeoutMs: 60_000 })
}

/** Whoever leads, as soon as somebody does. */
export async function leaderOf(members: readonly Member[]): Promise<NodeId> {
  return eventually(async () => {
    for (const member of members) {
      const { leadership } = await member.status()
      if (leadership.leader === member.id) return member.id
    }
    return null
  })
}

/** All members have applied the same, and it is as much as was acknowledged. */
export async function agreement(members: readonly Member[], expected: number): Promise<void> {
  await eventually(async () => {
    const values = await Promise.all(members.map((member) => member.queries.value({ consistency: 'local' })))
    return values.every((value) => value === expected) || null
  })
}

/** Looks again and again, for a minute at most. */
export async function eventually<Found>(look: () => Promise<Found | null>): Promise<Found> {
  const deadline = performance.now() + 60_000
  for (;;) {
    const found = await look()
    if (found !== null) return found
    if (performance.now() > deadline) throw new Error('it did not come to pass within a minute')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
