import { bindCalls, QuorateError, type Calls, type MachineModule, type Random } from '@quorate/contracts'
import { calmPauseMsMax, type Asker } from './clients/asker.js'
import { Askers } from './clients/askers.js'
import type { Load, LoadSurroundings } from './load.js'
import type { Cluster } from './world/cluster.js'
import type { WatchedTime } from './world/watched-time.js'

/** One caller, as its workload sees it: commands and queries that may fail as they do in real life. */
export interface Caller<Machine extends MachineModule> {
  /** Asked again within a session until there is an answer. Given up, they throw: `outcome` says whether it happened. */
  readonly commands: Calls<Machine['commands'], undefined>
  /** Asked once of any member; linearizable unless told otherwise. */
  readonly queries: Calls<Machine['queries'], { readonly consistency?: 'linearizable' | 'local' }>
  /** The only dice a caller may throw. */
  readonly random: Random
  /** Lets virtual time pass. */
  pause(ms: number): Promise<void>
}

/** What callers do with a machine, and what has to hold of it in the end. */
export interface Workload<Machine extends MachineModule> {
  /** One turn of one caller; it has turn after turn until the run is over. A `QuorateError` that it lets through ends the turn. */
  readonly turn: (caller: Caller<Machine>) => Promise<void>
  /** Looks at the state that all members have come to. Returns what is wrong with it, or null. */
  readonly check?: (queries: Calls<Machine['queries'], undefined>) => Promise<string | null>
}

/** Callers of anybody's machine. */
export class WorkloadLoad<Machine extends MachineModule> implements Load<Machine> {
  readonly #world: LoadSurroundings<Machine>
  readonly #machine: Machine
  readonly #workload: Workload<Machine>
  readonly #askers: Askers<Machine>
  acknowledged = 0
  acknowledgedInCalm = 0
  #active = 0
  #isCalm = false
  #isOver = false
  #thrown: Error | null = null

  constructor(world: LoadSurroundings<Machine>, machine: Machine, workload: Workload<Machine>) {
    this.#world = world
    this.#machine = machine
    this.#workload = workload
    this.#askers = new Askers(
      { ...world, isOver: () => this.#isOver, isCalm: () => this.#isCalm, clusters: () => 1 },
      machine,
    )
  }

  get areDone(): boolean {
    return this.#active === 0 && this.#askers.areQuiet
  }

  start(): void {
    const { load } = this.#world
    for (let at = 0; at < load.clients * load.atOnce; at += 1) void this.#go(this.#world.random.fork())
  }

  calm(): void {
    this.#isCalm = true
  }

  onReplaced(): void {
    throw new TypeError('a workload lives in one cluster')
  }

  finish(): void {
    this.#isOver = true
  }

  left(): Promise<string | null> {
    return this.#askers.left()
  }

  async complaint(cluster: Cluster<Machine>, time: WatchedTime): Promise<string | null> {
    if (this.#thrown !== null) throw this.#thrown
    const [member] = cluster.survivors
    if (!member || !this.#workload.check) return null
    const queries: Machine['queries'] = this.#machine.queries
    const calls = bindCalls<Machine['queries'], undefined>(queries, async (request) => {
      return (await member.ask((replica) => replica.query(request, { consistency: 'local' }))).result
    })
    return time.during(this.#workload.check(calls), 10_000, 'the check of the workload')
  }

  async #go(random: Random): Promise<void> {
    const { load } = this.#world
    const asker = this.#askers.next(random)
    const caller = this.#callerOf(asker, random.fork())
    this.#active += 1
    while (!this.#isOver && this.#thrown === null) {
      try {
        await this.#workload.turn(caller)
      } catch (error) {
        if (!(error instanceof QuorateError)) this.#thrown ??= error instanceof Error ? error : new Error(String(error))
      }
      await asker.pause(1 + random.nextInt((this.#isCalm ? calmPauseMsMax : load.pauseMs) + 1))
    }
    this.#active -= 1
  }

  #callerOf(asker: Asker, random: Random): Caller<Machine> {
    const commands: Machine['commands'] = this.#machine.commands
    const queries: Machine['queries'] = this.#machine.queries
    return {
      random,
      pause: (ms) => asker.pause(ms),
      commands: bindCalls<Machine['commands'], undefined>(commands, async (request, _, name, input) => {
        const isCalm = this.#isCalm
        const ending = await asker.command({ name, input, request })
        this.#world.counters.add(`a command ends: ${ending.kind}`)
        if (ending.kind !== 'answered') {
          throw new QuorateError('TIMED_OUT', 'the caller gave up', { outcome: ending.kind })
        }
        this.acknowledged += 1
        if (isCalm) this.acknowledgedInCalm += 1
        return ending.result
      }),
      queries: bindCalls<Machine['queries'], { readonly consistency?: 'linearizable' | 'local' }>(
        queries,
        async (request, options, name, input) => {
          const told = await asker.query({ name, input, request }, options?.consistency ?? 'linearizable')
          if (told === null) throw new QuorateError('TIMED_OUT', 'there was no answer')
          return told.result
        },
      ),
    }
  }
}
