import type { DiskImage, VirtualTime } from '@quorate/conformance'
import {
  describeError,
  QuorateError,
  seededRandom,
  silentLogger,
  type MachineModule,
  type Random,
} from '@quorate/contracts'
import { fileStorage } from '@quorate/storage-file'
import { memoryHub, memoryTransport, type MemoryHub } from '@quorate/transport-memory'
import type { Counters } from '../counters.js'
import { Clock } from '../member/clock.js'
import { MemberDisk } from '../member/member-disk.js'
import { addressOf, clientAddressOf, Member, type Life } from '../member/member.js'
import { filesOf } from '../member/process-files.js'
import { transportOf } from '../member/process-transport.js'
import { Process } from '../member/process.js'
import type { ClusterTraits } from '../plan/plan.js'
import type { DrawnProtocol } from '../subject.js'
import type { Trace } from '../trace.js'
import { Violation } from '../violation.js'
import { watchedMachine } from './machine-watch.js'
import { watchedStorage } from './watched-storage.js'
import type { Atlas } from './atlas.js'
import type { Witness } from './witness.js'

/** How long whoever starts programs again waits after one has ended by itself, in milliseconds. */
const restartAfterMs = { min: 20, max: 400 }

/** What tells a member that its directory is not the one of its name, or an older copy of it. */
const refusalsOfStrangers: readonly string[] = ['MEMBER_IMPOSTOR', 'STALE_DIRECTORY']

/** What a cluster is made of. */
export interface ClusterParts<Machine extends MachineModule> {
  readonly traits: ClusterTraits
  readonly seed: number
  readonly time: VirtualTime
  readonly machine: Machine
  /** The machine in its later code; null if nobody is upgraded. */
  readonly later: Machine | null
  readonly protocol: DrawnProtocol
  readonly trace: Trace
  readonly counters: Counters
  readonly witness: Witness
  readonly atlas: Atlas
}

/** How the next cluster begins that takes the place of one. */
export interface NextCluster {
  readonly name: string
  readonly directory: string
  /** What stands up to there was decided before. */
  readonly beginsAt: number
}

/** The members of one cluster and the network between them: starts and ends them, and sees to it that whoever ends by itself starts again. */
export class Cluster<Machine extends MachineModule> {
  readonly members: readonly Member<Machine>[]
  readonly hub: MemoryHub
  readonly #parts: ClusterParts<Machine>
  readonly #random: Random
  /** Whoever leads, as far as anybody has said. */
  #leaderId: string | null = null
  readonly #onLeader = new Set<(member: Member<Machine>) => void>()
  /** Who has had a frame from whom, in any of their lives. */
  readonly #heard = new Set<string>()
  /** How many cuts lie on each way; a way is open when none does. */
  readonly #cuts = new Map<string, number>()
  #name = 'quorate'
  /** True while one cluster has ended and the next has not begun. */
  #isHalted = false

  constructor(parts: ClusterParts<Machine>) {
    this.#parts = parts
    const { traits, seed, time } = parts
    const { environment } = time
    this.#random = seededRandom(`${seed}/cluster`)
    this.hub = memoryHub({ seed: `${seed}/network`, environment, ...traits.network })
    this.members = traits.ids.map((id) => {
      const random = seededRandom(`${seed}/${id}`)
      const clock = new Clock(() => environment.monotonicMs(), random.nextInt(1_000_000))
      const disk = new MemberDisk(random, environment, traits.disk, (operation, path) => {
        parts.trace.add(operation, id, [], () => path)
      })
      return new Member(id, clock, disk)
    })
  }

  get ids(): readonly string[] {
    return this.#parts.traits.ids
  }

  get traits(): ClusterTraits {
    return this.#parts.traits
  }

  /** True if members get later code in this run. */
  get isUpgraded(): boolean {
    return this.#parts.later !== null
  }

  /** Those that can run and are what they were. */
  get survivors(): readonly Member<Machine>[] {
    return this.members.filter(({ lostBecause, isStranger }) => lostBecause === null && !isStranger)
  }

  get leader(): Member<Machine> | null {
    return this.members.find(({ id }) => id === this.#leaderId) ?? null
  }

  /** Starts a member that does not run. Resolves when it has started, or has ended again. */
  start(member: Member<Machine>): void {
    if (member.life !== null || member.lostBecause !== null || this.#isHalted) return
    const { time, trace, counters, machine, later } = this.#parts
    const process = new Process(time.environment, member.clock)
    const code = member.code === 'later' ? (later ?? machine) : machine
    const life: Life<Machine> = { process, machine: code, replica: null }
    member.hasRunLater ||= member.code === 'later'
    member.life = life
    member.lives += 1
    member.disk.begin()
    member.records.onStart()
    trace.add('start', member.id, [member.lives])
    counters.add('a member starts')
    this.#create(member, life).then(
      (replica) => {
        life.replica = replica
        trace.add('started', member.id, [])
      },
      (error: unknown) => this.#onEnd(member, life, error),
    )
  }

  /** Tells of each member that begins to lead. Returns what ends that. */
  onLeader(listener: (member: Member<Machine>) => void): () => void {
    this.#onLeader.add(listener)
    return () => this.#onLeader.delete(listener)
  }

  /** One more reason why nothing gets from one member to another. */
  cut(from: string, to: string): void {
    const key = `${from}>${to}`
    this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + 1)
    this.hub.cut(from, to)
  }

  /** One reason less. */
  mend(from: string, to: string): void {
    const key = `${from}>${to}`
    const cuts = (this.#cuts.get(key) ?? 0) - 1
    this.#cuts.set(key, cuts)
    if (cuts <= 0) this.hub.heal(from, to)
  }

  /** True if nothing lies between two members, in either direction. */
  areConnected(one: string, other: string): boolean {
    return [`${one}>${other}`, `${other}>${one}`].every((way) => (this.#cuts.get(way) ?? 0) <= 0)
  }

  /** The network is whole and quick. */
  calm(): void {
    this.#cuts.clear()
    this.hub.heal()
    this.hub.setFaults({ latencyMs: { min: 0, max: 2 } })
    for (const from of this.ids) for (const to of this.ids) this.hub.setLinkFaults(from, to, null)
  }

  end(member: Member<Machine>, how: 'kill' | 'powerCut'): void {
    if (member.life === null) return
    this.#parts.trace.add(how, member.id, [])
    this.#parts.witness.onEnd(member.id)
    member.end(how)
    if (this.#leaderId === member.id) this.#leaderId = null
  }

  /**
   * True if every other member has heard this one and knows its incarnation by now. Before that, whoever comes by its name
   * is as good: only a configuration that names incarnations could tell (D16).
   */
  isKnown(member: Member<Machine>): boolean {
    return this.members.every(({ id }) => id === member.id || this.#heard.has(`${member.id}>${id}`))
  }

  /** The machine gets an empty disk. Until it is started again it does not run. */
  replaceDisk(member: Member<Machine>): void {
    this.end(member, 'powerCut')
    member.disk.replace()
    member.isStranger = true
    this.#parts.witness.onReplaced(member.id)
  }

  /** The machine loses its power, and gets an older copy of its disk. Until it is started again it does not run. */
  putBack(member: Member<Machine>, image: DiskImage, ids: 'kept' | 'new'): void {
    this.end(member, 'powerCut')
    member.disk.putBack(image, ids)
    member.isStranger = true
    this.#parts.witness.onReplaced(member.id)
  }

  /** All members end for good, and none starts before another cluster begins. */
  halt(): void {
    this.#isHalted = true
    for (const member of this.members) this.end(member, 'powerCut')
  }

  /** Another cluster begins at the same addresses, with what stands in new directories, if anything does. */
  begin({ name, directory, beginsAt }: NextCluster): void {
    this.#name = name
    this.#heard.clear()
    for (const member of this.members) {
      member.disk.remove(`${member.directory}/`)
      member.directory = directory
    }
    this.#parts.witness.onNewCluster(beginsAt)
    this.#isHalted = false
  }

  /** It never runs again. */
  takeAway(member: Member<Machine>): void {
    this.end(member, 'kill')
    member.lostBecause = 'its disk was replaced'
  }

  /**
   * True for a member that went back to code that does not know what is active by now. One that never had the later code
   * must never be told so: nothing is activated before every member has it.
   */
  #mayBeTooOld({ code, hasRunLater }: Member<Machine>): boolean {
    return code === 'first' && hasRunLater
  }

  async #create(member: Member<Machine>, life: Life<Machine>) {
    const { traits, protocol, trace, witness } = this.#parts
    const { process, machine } = life
    const { environment } = process
    const transport = memoryTransport({ hub: this.hub })
    const watch = witness.watchOf(member.id)
    const replica = await protocol.createReplica(
      {
        id: member.id,
        cluster: this.#name,
        members: Object.fromEntries(
          traits.ids.map((id) => [id, { address: addressOf(id), clientAddress: clientAddressOf(id) }]),
        ),
        machine: watchedMachine(machine, {
          onLife: (running) => (member.machine = running),
          onApply: (position, command, result, name) => witness.onApplied(member.id, position, command, result, name),
        }),
        transport: transportOf(process, transport, (from, frame) => {
          if (!member.isStranger) this.#heard.add(`${from}>${member.id}`)
          trace.add('frame', member.id, [frame.length, frame.at(-1) ?? 0], () => ({ from, bytes: frame.length }))
        }),
        storage: watchedStorage(
          fileStorage({
            directory: member.directory,
            files: filesOf(process, member.disk.files.mount()),
            environment,
            ...traits.storage,
          }),
          {
            onOpened: (snapshot) => member.records.onOpened(snapshot),
            onDurable: (batch) => {
              member.records.onDurable(batch)
              witness.onDurable(member.id, batch.firstSequence + batch.records.length - 1)
            },
          },
        ),
        environment,
        // Not an event: what a start has to say is said before anybody can listen.
        logger: {
          ...silentLogger,
          warn: (fields) => {
            const code = String(Reflect.get(fields, 'code'))
            this.#parts.counters.add(`warning ${code}`)
            if (code === 'BAD_FRAME') witness.fail(new Violation(`${member.id} was sent what no member sends`))
          },
        },
        ...traits.replica,
      },
      watch,
    )
    replica.on('stopped', ({ reason }) => {
      if (reason) this.#onEnd(member, life, reason)
    })
    replica.on('snapshot', ({ how, position }) => {
      this.#parts.counters.add(how === 'saved' ? 'a snapshot is saved' : 'a snapshot is installed')
      trace.add(`snapshot ${how}`, member.id, [position])
    })
    replica.on('leadership', ({ leader, epoch }) => {
      trace.add('leadership', member.id, [epoch], () => ({ leader, epoch }))
      if (leader !== null) this.#leaderId = leader
      if (leader === member.id) for (const listener of this.#onLeader) listener(member)
    })
    return replica
  }

  /** A program that ended by itself may have been right: when its disk had failed it. Then it is started again. */
  #onEnd(member: Member<Machine>, life: Life<Machine>, error: unknown): void {
    if (member.life !== life) return
    const { trace, counters, witness, time } = this.#parts
    trace.add('ended', member.id, [], () => describeError(error))
    this.end(member, 'kill')
    if (member.isStranger && error instanceof QuorateError && refusalsOfStrangers.includes(error.code)) {
      counters.add(`a stranger is refused: ${error.code}`)
      member.lostBecause = error.message
      return
    }
    if (error instanceof QuorateError && error.code === 'FORMAT_TOO_NEW' && this.#mayBeTooOld(member)) {
      counters.add('a member is refused for its old code')
      member.code = 'later'
      time.environment.setTimer(restartAfterMs.min, () => this.start(member))
      return
    }
    const isRefusal = error instanceof QuorateError && error.code === 'STORAGE_CORRUPT'
    if (isRefusal && this.#parts.atlas.isDamaged(member.id)) {
      counters.add('a damaged member refuses to start')
      member.lostBecause = error.message
      return
    }
    if (!(error instanceof QuorateError) || !error.code.startsWith('STORAGE_') || !member.disk.hasFailed) {
      witness.fail(new Violation(`${member.id} stopped by itself: ${describeError(error)}`, { cause: error }))
      return
    }
    counters.add(`a member stops: ${error.code}`)
    const { min, max } = restartAfterMs
    time.environment.setTimer(min + this.#random.nextInt(max - min), () => this.start(member))
  }
}
