import { setImmediate as turn } from 'node:timers/promises'
import { virtualTime, type VirtualTime } from '@quorate/conformance'
import type { Environment, MachineModule, Storage, Transport } from '@quorate/contracts'
import { raft } from '@quorate/raft'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { createReplica, type Replica } from '../src/index.js'

const ids = ['n1', 'n2', 'n3']

/** What may differ from member to member. */
export interface VirtualMember {
  readonly storage?: Storage
  readonly environment?: (real: Environment) => Environment
  readonly transport?: (real: Transport) => Transport
}

/** What holds for all members. */
export interface VirtualClusterOptions {
  readonly snapshotEveryEntries?: number
  readonly sessionTimeoutMs?: number
  readonly timeoutMs?: number
  readonly tickMs?: number
  /** Of raft. */
  readonly tailEntriesMax?: number
  readonly uncommittedEntriesMax?: number
  readonly electionTimeoutMs?: readonly [number, number]
}

/** A cluster of three on raft in virtual time, which passes only while a test awaits something through it. */
export class VirtualCluster<Machine extends MachineModule> {
  readonly time: VirtualTime = virtualTime({ settled: turn })
  readonly hub = memoryHub({ environment: this.time.environment })
  readonly replicas: Replica<Machine>[] = []
  readonly #machine: Machine
  readonly #options: VirtualClusterOptions

  constructor(machine: Machine, options: VirtualClusterOptions = {}) {
    this.#machine = machine
    this.#options = options
  }

  /** Starts all three; resolves when one of them leads. */
  async start(members: Readonly<Record<string, VirtualMember>> = {}): Promise<void> {
    for (const id of ids) this.replicas.push(await this.during(this.#start(id, members[id] ?? {})))
    await this.during(this.leader())
  }

  /** The value of a promise; time passes until it is there. */
  async during<Value>(work: Promise<Value>): Promise<Value> {
    let isSettled = false
    const settle = (): void => void (isSettled = true)
    work.then(settle, settle)
    if (!(await this.time.until(() => isSettled, 60_000))) throw new Error('nothing came of it within a minute')
    return work
  }

  async leader(): Promise<Replica<Machine>> {
    for (;;) {
      for (const replica of this.replicas) {
        const { id, state, leadership } = await replica.status()
        if (state === 'running' && leadership.leader === id) return replica
      }
      await new Promise<void>((resolve) => void this.time.environment.setTimer(10, resolve))
    }
  }

  async close(): Promise<void> {
    await this.during(Promise.all(this.replicas.map((replica) => replica.close())))
  }

  #start(id: string, { storage, environment, transport }: VirtualMember): Promise<Replica<Machine>> {
    const onHub = memoryTransport({ hub: this.hub })
    const { tailEntriesMax, uncommittedEntriesMax, electionTimeoutMs, ...options } = this.#options
    return createReplica({
      id,
      members: Object.fromEntries(ids.map((each) => [each, `${each}:1`])),
      machine: this.#machine,
      protocol: raft({
        ...(tailEntriesMax !== undefined && { tailEntriesMax }),
        ...(uncommittedEntriesMax !== undefined && { uncommittedEntriesMax }),
        ...(electionTimeoutMs !== undefined && { electionTimeoutMs: [...electionTimeoutMs] }),
      }),
      transport: transport?.(onHub) ?? onHub,
      storage: storage ?? memoryStorage(),
      environment: environment?.(this.time.environment) ?? this.time.environment,
      ...options,
    })
  }
}
