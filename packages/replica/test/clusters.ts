import { fixedLeader, solo } from '@quorate/conformance'
import { nodeId, type Environment, type ProtocolModule, type Storage } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { counter } from '@quorate/machine-counter'
import { raft, type RaftOptions } from '@quorate/raft'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport, type MemoryHub } from '@quorate/transport-memory'
import { createReplica, type Replica } from '../src/index.js'

/** A protocol that the driver's tests run on, and the members that it can have. */
export interface Tenant {
  readonly name: string
  readonly ids: readonly string[]
  readonly protocol: (options: RaftOptions) => ProtocolModule<never, never>
}

/** The port has three tenants: the driver knows none of them. */
export const tenants: readonly Tenant[] = [
  { name: 'solo', ids: ['n1'], protocol: () => solo() },
  { name: 'fixedLeader', ids: ['n1', 'n2', 'n3'], protocol: () => asTenant(fixedLeader({ leader: nodeId('n1') })) },
  { name: 'raft', ids: ['n1', 'n2', 'n3'], protocol: (options) => asTenant(raft(options)) },
]

/** The driver never looks into a message, so tests may forget what it is. */
function asTenant<Message, Admin>(module: ProtocolModule<Message, Admin>): ProtocolModule<never, never> {
  return module as unknown as ProtocolModule<never, never>
}

/** What may differ from one cluster of a test to another. */
export interface ClusterOptions {
  readonly environment?: Environment
  readonly cluster?: string
  readonly timeoutMs?: number
  readonly requestsMax?: number
  readonly commandBytesMax?: number
  readonly snapshotEveryEntries?: number
  /** Of raft alone. */
  readonly tailEntriesMax?: number
}

/** Members of one cluster in this process, on storages that outlive them. */
export class TestCluster {
  readonly hub: MemoryHub = memoryHub()
  readonly storages = new Map<string, Storage>()
  readonly running = new Map<string, Replica<typeof counter>>()
  readonly #tenant: Tenant
  readonly #options: ClusterOptions

  constructor(tenant: Tenant, options: ClusterOptions = {}) {
    this.#tenant = tenant
    this.#options = options
    for (const id of tenant.ids) this.storages.set(id, memoryStorage())
  }

  async start(id: string, storage: Storage | undefined = this.storages.get(id)): Promise<Replica<typeof counter>> {
    if (!storage) throw new Error(`${id} is no member`)
    const { tailEntriesMax, ...options } = this.#options
    const replica = await createReplica({
      id,
      members: Object.fromEntries(
        this.#tenant.ids.map((each) => [each, { address: `${each}:1`, clientAddress: `${each}:80` }]),
      ),
      machine: counter,
      protocol: this.#tenant.protocol(tailEntriesMax === undefined ? {} : { tailEntriesMax }),
      transport: memoryTransport({ hub: this.hub }),
      storage,
      environment: nodeEnvironment(),
      ...options,
    })
    this.running.set(id, replica)
    return replica
  }

  async startAll(): Promise<void> {
    await Promise.all(this.#tenant.ids.map((id) => this.start(id)))
  }

  /** The member that leads, once all that run agree on it. */
  async leader(): Promise<Replica<typeof counter>> {
    for (;;) {
      const leaders = new Set<string | null>()
      for (const replica of this.running.values()) leaders.add((await replica.status()).leadership.leader)
      const [only] = leaders
      const leader = leaders.size === 1 && only ? this.running.get(only) : undefined
      if (leader) return leader
      await nodeEnvironment().yieldTurn()
    }
  }

  async close(id: string): Promise<void> {
    await this.running.get(id)?.close()
    this.running.delete(id)
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.running.keys()].map((id) => this.close(id)))
  }
}

/** Resolves when the condition holds; the test's own time limit ends a wait that is in vain. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await nodeEnvironment().yieldTurn()
}
