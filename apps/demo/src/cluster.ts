import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import type { MachineName, MemberConfig, MemberMessage } from './member-message.js'
import { memberProgram, MemberProcess, type Ending } from './member-process.js'

/** Where a cluster lives: what its directory remembers of it. */
export interface Place {
  readonly directory: string
  readonly cluster: string
  readonly machine: MachineName
  readonly members: Readonly<Record<string, { readonly address: string; readonly clientAddress: string }>>
}

/** What may differ from a cluster of the demo. */
export interface ClusterOptions extends Pick<MemberConfig, 'electionTimeoutMs' | 'snapshotEvery' | 'transport'> {
  /** Path of the member's program. */
  readonly program?: string
}

/** Who leads, as the leader itself says. */
export interface Leader {
  readonly id: string
  readonly epoch: number
}

interface ClusterEvents {
  leader: [Leader]
  /** A member's state was replaced by another member's snapshot. */
  installed: [{ readonly id: string; readonly position: number }]
  warning: [{ readonly id: string; readonly message: string }]
  /** A member ended that was not asked to. */
  lost: [{ readonly id: string; readonly ending: Ending; readonly reason: string }]
}

/** The members of one cluster on this machine, each a process of its own. */
export class LocalCluster extends EventEmitter<ClusterEvents> {
  readonly place: Place
  readonly #options: ClusterOptions
  readonly #processes = new Map<string, MemberProcess>()
  #leader: Leader | null = null

  constructor(place: Place, options: ClusterOptions = {}) {
    super()
    this.place = place
    this.#options = options
  }

  get ids(): readonly string[] {
    return Object.keys(this.place.members)
  }

  get clientAddresses(): readonly string[] {
    return Object.values(this.place.members).map(({ clientAddress }) => clientAddress)
  }

  pidOf(id: string): number | null {
    return this.#processes.get(id)?.pid ?? null
  }

  /** Resolves when all members listen. */
  async startAll(): Promise<void> {
    await Promise.all(this.ids.map((id) => this.start(id)))
  }

  /** Resolves when the member has recovered and listens; rejects with its own words when it cannot. */
  start(id: string): Promise<void> {
    const { cluster, machine, members, directory } = this.place
    const { program = memberProgram, ...options } = this.#options
    return new Promise((resolve, reject) => {
      let reason = ''
      const onMessage = (message: MemberMessage): void => {
        if (message.kind === 'listening') resolve()
        else if (message.kind === 'failed') reason = message.reason
        else this.#onNews(id, message)
      }
      const config = { id, cluster, machine, members, directory: join(directory, id), ...options }
      const process = new MemberProcess(program, config, onMessage)
      this.#processes.set(id, process)
      void process.ended.then((ending) => {
        reason ||= process.lastWords
        reject(new Error(`${id} did not start: ${reason}`))
        this.#onEnded(id, process, ending, reason)
      })
    })
  }

  /** The member that leads now, or the next one to. */
  async leader(after = 0): Promise<Leader> {
    while (this.#leader === null || this.#leader.epoch <= after) {
      await new Promise((resolve) => this.once('leader', resolve))
    }
    return this.#leader
  }

  /** SIGKILL, without a word before it. */
  async kill(id: string): Promise<void> {
    const process = this.#take(id)
    await process?.kill()
  }

  async close(): Promise<void> {
    await Promise.all(this.ids.map(async (id) => this.#take(id)?.close()))
  }

  async killAll(): Promise<void> {
    await Promise.all(this.ids.map((id) => this.kill(id)))
  }

  /** From here on the member's end is what was wanted. */
  #take(id: string): MemberProcess | undefined {
    const process = this.#processes.get(id)
    this.#processes.delete(id)
    if (this.#leader?.id === id) this.#leader = null
    return process
  }

  #onNews(id: string, message: MemberMessage): void {
    if (message.kind === 'snapshot' && message.how === 'installed') {
      this.emit('installed', { id, position: message.position })
    }
    if (message.kind === 'warning') this.emit('warning', { id, message: message.message })
    if (message.kind !== 'leadership' || message.leader !== id) return
    const leader = { id, epoch: message.epoch }
    if (this.#leader && this.#leader.epoch >= leader.epoch) return
    this.#leader = leader
    this.emit('leader', leader)
  }

  #onEnded(id: string, process: MemberProcess, ending: Ending, reason: string): void {
    if (this.#processes.get(id) !== process) return
    this.#take(id)
    this.emit('lost', { id, ending, reason })
  }
}
