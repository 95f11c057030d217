import { forgetfulFiles, type ForgetfulFiles, type VirtualTime } from '@quorate/conformance'
import type { MachineModule } from '@quorate/contracts'
import { raft } from '@quorate/raft'
import { createReplica, type Replica } from '@quorate/replica'
import { fileStorage } from '@quorate/storage-file'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'

const ids = ['n1', 'n2', 'n3']
const longMs = 60_000

/** Three members in virtual time, each on a disk that forgets at a power cut what was not synced. */
export class PowerCutCluster<Machine extends MachineModule> {
  readonly #time: VirtualTime
  readonly #seed: number
  readonly #machine: Machine
  readonly #disks: ReadonlyMap<string, ForgetfulFiles>
  /** How many were written, and how many took the place of a state. */
  readonly snapshots = { saved: 0, installed: 0 }
  /** Who stopped by itself, and why: nobody may, while there is power. */
  stopped: string | null = null
  #lives = 0
  #hub = memoryHub()
  #running: Replica<Machine>[] = []
  #leaderId: string | null = null

  constructor(time: VirtualTime, seed: number, machine: Machine) {
    this.#time = time
    this.#seed = seed
    this.#machine = machine
    const { environment } = time
    const disk = (id: string): ForgetfulFiles =>
      forgetfulFiles(`${seed}/${id}`, {
        environment,
        syncMs: { min: 1, max: 12 },
        keeps: seed % 2 === 0 ? 'some' : 'nothing',
      })
    this.#disks = new Map(ids.map((id) => [id, disk(id)]))
  }

  get members(): readonly Replica<Machine>[] {
    return this.#running
  }

  /** Whoever leads, as far as anybody has said. */
  get leader(): Replica<Machine> | null {
    return this.#running.find(({ id }) => id === this.#leaderId) ?? null
  }

  async start(): Promise<void> {
    this.#lives += 1
    const hub = memoryHub({ seed: `${this.#seed}/${this.#lives}`, latencyMs: { min: 0, max: 3 } })
    this.#hub = hub
    this.#running = await Promise.all([...this.#disks].map(([id, disk]) => this.#startOne(id, disk)))
  }

  /** One machine loses its power, and comes back. */
  async cutPowerOf(id: string): Promise<void> {
    const disk = this.#disks.get(id)
    if (!disk) throw new TypeError(`${id} is no member`)
    disk.powerCut()
    const dead = this.#running.find((replica) => replica.id === id)
    this.#running = this.#running.filter((replica) => replica !== dead)
    if (this.#leaderId === id) this.#leaderId = null
    await dead?.close()
    this.#running = [...this.#running, await this.#startOne(id, disk)]
  }

  /** Whoever is cut off now lags behind, until the next start or longer. */
  cutOff(id: string): void {
    this.#hub.split(
      [id],
      ids.filter((other) => other !== id),
    )
  }

  /** The cut-off member hears the others again. */
  heal(): void {
    this.#hub.heal()
  }

  /** Every machine loses its power at one moment. */
  async cutPower(): Promise<void> {
    for (const disk of this.#disks.values()) disk.powerCut()
    const dead = this.#running
    this.#running = []
    this.#leaderId = null
    await Promise.all(dead.map((replica) => replica.close()))
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.map((replica) => replica.close()))
  }

  /** Lets time pass until the work is done. */
  async during<Result>(work: Promise<Result>): Promise<Result> {
    let isOver = false
    const over = (): void => {
      isOver = true
    }
    work.then(over, over)
    if (!(await this.#time.until(() => isOver, longMs))) throw new Error(`nothing came of it in ${longMs} ms`)
    return work
  }

  async #startOne(id: string, disk: ForgetfulFiles): Promise<Replica<Machine>> {
    const { environment } = this.#time
    const replica = await createReplica({
      id,
      members: Object.fromEntries(ids.map((each) => [each, `${each}:1`])),
      machine: this.#machine,
      protocol: raft({ tailEntriesMax: 4 }),
      transport: memoryTransport({ hub: this.#hub }),
      storage: fileStorage({ directory: '/data', files: disk.mount(), environment, segmentBytes: 2 * 1024 }),
      environment,
      snapshotEveryEntries: 25,
    })
    replica.on('stopped', ({ reason }) => {
      if (reason && this.#running.includes(replica)) this.stopped ??= `${id} stopped: ${reason.message}`
    })
    replica.on('snapshot', ({ how }) => (this.snapshots[how] += 1))
    replica.on('leadership', ({ leader }) => {
      if (leader !== null) this.#leaderId = leader
    })
    return replica
  }
}
