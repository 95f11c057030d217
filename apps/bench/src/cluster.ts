import { fork, type ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { memberMessageSchema, type MemberConfig, type MemberMessage } from './member-message.js'

const host = '127.0.0.1'

interface Events {
  acknowledged: [write: number]
  leader: [id: string]
  /** Everything that a member says. */
  told: [id: string, message: MemberMessage]
}

/** What members run, and who of them is not there at first. */
interface Program {
  readonly file: string
  readonly args: readonly string[]
  readonly absent: readonly string[]
}

const usualProgram: Program = { file: 'member.js', args: [], absent: [] }

/** Members of one cluster, each a process of its own on this machine. */
export class Cluster extends EventEmitter<Events> {
  readonly #configs: ReadonlyMap<string, MemberConfig>
  readonly #program: Program
  readonly #processes = new Map<string, ChildProcess>()
  readonly #follows = new Map<string, string | null>()
  #epoch = 0

  private constructor(configs: readonly MemberConfig[], program: Program) {
    super()
    this.#program = program
    this.#configs = new Map(configs.map((config) => [config.id, config]))
  }

  /** Starts `count` members whose data live in this directory. Resolves when one leads. */
  static async start(count: number, directory: string, program = usualProgram): Promise<Cluster> {
    const ports = await freePorts(count)
    const members = Object.fromEntries(ports.map((port, at) => [`n${at + 1}`, `${host}:${port}`]))
    const cluster = new Cluster(
      Object.keys(members).map((id) => ({ id, cluster: 'bench', members, directory: join(directory, id) })),
      program,
    )
    const elected = once(cluster, 'leader')
    const present = Object.keys(members).filter((id) => !program.absent.includes(id))
    await Promise.all(present.map((id) => cluster.restart(id)))
    await elected
    return cluster
  }

  /** The latest epoch that somebody led. */
  get epoch(): number {
    return this.#epoch
  }

  /** Who leads, as the leader of the latest epoch said of itself. */
  leader = ''

  /** Starts the member's process. Resolves when it has recovered and follows the leader, or leads. */
  async restart(id: string): Promise<void> {
    const { file, args } = this.#program
    const program = fileURLToPath(new URL(file, import.meta.url))
    const child = fork(program, [JSON.stringify(this.#configs.get(id)), ...args], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#processes.set(id, child)
    this.#follows.set(id, null)
    child.on('message', (message) => this.#onMessage(id, memberMessageSchema.parse(message)))
    const ended = once(child, 'exit')
    while (!this.#follows.get(id)) {
      await Promise.race([once(child, 'message'), ended])
      if (child.exitCode !== null) throw new Error(`${id} ended with exit code ${child.exitCode} and did not start`)
    }
  }

  /** Asks one member for this write. */
  offerTo(id: string, write: number): void {
    this.#processes.get(id)?.send({ write }, () => {})
  }

  /** Asks every member whose process is there for this write, as a client that is connected to all of them. */
  offer(write: number): void {
    for (const child of this.#processes.values()) if (child.connected) child.send({ write }, () => {})
  }

  async kill(id: string): Promise<void> {
    const child = this.#processes.get(id)
    if (!child) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  /** The process does not run any more, and everybody's connections to it stay open. */
  stop(id: string): void {
    this.#processes.get(id)?.kill('SIGSTOP')
  }

  /** Resolves when the member follows another. */
  async resume(id: string): Promise<void> {
    const child = this.#processes.get(id)
    if (!child) return
    child.kill('SIGCONT')
    while (this.#follows.get(id) !== this.leader) await once(child, 'message')
  }

  async close(): Promise<void> {
    await Promise.all([...this.#processes.keys()].map((id) => this.kill(id)))
  }

  #onMessage(id: string, message: MemberMessage): void {
    this.emit('told', id, message)
    if (message.kind === 'acknowledged') this.emit('acknowledged', message.write)
    if (message.kind !== 'leadership') return
    this.#follows.set(id, message.leader)
    if (message.leader !== id || message.epoch <= this.#epoch) return
    this.#epoch = message.epoch
    this.leader = id
    this.emit('leader', id)
  }
}

/** Ports that nobody listens on now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, host))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address ? address.port : 0
  })
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
