import {
  describeError,
  position,
  seededRandom,
  sequence,
  type Committed,
  type Input,
  type Leadership,
  type Members,
  type NodeId,
  type Outgoing,
  type ProtocolModule,
  type ReadAnswer,
  type Ready,
  type SnapshotMeta,
  type Settled,
  type Token,
} from '@quorate/contracts'
import type { RaftAdmin, RaftMessage } from '../message.js'
import { Raft } from '../raft.js'
import { Disk, type Image } from './disk.js'
import { describeMeta, quote, textOfBytes } from './wording.js'

/** Traffic is left out where only outcomes are asked for. */
export type Loudness = 'traffic' | 'news'

/** What a member needs of the world around it. */
export interface Surroundings {
  readonly founders: Members
  readonly seed: string
  say(line: string, loudness: Loudness): void
  send(from: NodeId, outgoing: Outgoing<RaftMessage>): void
  onStepped(member: ScenarioMember): void
  onApplied(member: ScenarioMember, at: number, content: string | null): void
  onRead(member: ScenarioMember, answer: ReadAnswer): void
  onSettled(member: ScenarioMember, token: Token, result: Settled): void
  onOffice(member: ScenarioMember): void
  nameOf(token: Token): string
}

type MachineAct =
  | { readonly kind: 'apply'; readonly committed: Committed }
  | { readonly kind: 'install'; readonly meta: SnapshotMeta; readonly sequence: number }

/**
 * One member: a core, a disk and a machine that remembers its commands. It does at once what its core wants done, except
 * what is held: the disk's answers, or the machine.
 */
export class ScenarioMember {
  readonly id: NodeId
  readonly disk = new Disk()
  readonly #module: ProtocolModule<RaftMessage, RaftAdmin>
  readonly #world: Surroundings
  #core: Raft | null = null
  #lives = 0
  #machine: string[] = []
  #acts: MachineAct[] = []
  #reads: ReadAnswer[] = []
  #announced: Leadership | null = null
  #durableSequence = 0
  isDiskHeld = false
  isMachineHeld = false
  isPaused = false
  /** The image that its core asked for last. */
  fetching: { readonly from: NodeId; readonly meta: SnapshotMeta } | null = null

  constructor(id: NodeId, module: ProtocolModule<RaftMessage, RaftAdmin>, world: Surroundings) {
    this.id = id
    this.#module = module
    this.#world = world
  }

  get core(): Raft | null {
    return this.#core
  }

  get isUp(): boolean {
    return this.#core !== null
  }

  /** The commands that the machine has applied, by position from 1. */
  get machine(): readonly string[] {
    return this.#machine
  }

  start(): void {
    this.#lives += 1
    this.disk.open()
    this.#machine = [...(this.disk.image?.machine ?? [])]
    try {
      const recovery = this.#module.recover({
        self: this.id,
        incarnation: 'i',
        bootstrap: this.#world.founders,
        snapshot: this.disk.image?.meta ?? null,
        random: seededRandom(`${this.#world.seed} ${this.id} ${this.#lives}`),
        tickMs: 10,
      })
      for (const record of this.disk.records) recovery.record(sequence(record.sequence), record.bytes)
      this.#durableSequence = this.disk.records.at(-1)?.sequence ?? 0
      const core = recovery.finish()
      if (core instanceof Raft) this.#core = core
    } catch (error) {
      this.#world.say(`${this.id} cannot start: ${describeError(error)}`, 'news')
    }
    this.work()
  }

  /** Loses all that was not durable. Returns the writes that are lost. */
  crash(): string[] {
    this.#core = null
    this.#acts = []
    this.#reads = []
    this.#announced = null
    this.fetching = null
    this.isDiskHeld = this.isMachineHeld = this.isPaused = false
    return this.disk.crash()
  }

  /** Several inputs, and then all that the core wants done. */
  step(...inputs: readonly Input<RaftMessage, RaftAdmin>[]): void {
    for (const input of inputs) this.#guard((core) => core.step(input))
    this.work()
  }

  /** A message arrives, by way of its bytes. */
  receive(from: NodeId, message: RaftMessage): void {
    this.step({ kind: 'receive', from, message: this.#module.decode(this.#module.encode(message, 0)) })
  }

  work(): void {
    while (this.#core?.hasReady()) this.#guard((core) => this.#onReady(core.takeReady()))
  }

  /** The disk answers for the oldest `writes` writes. */
  persist(writes: number): void {
    this.#onPersisted(this.disk.persist(writes), true)
    this.#runMachine()
    this.work()
  }

  /** The machine does what waits for it. */
  runMachine(): void {
    this.#runMachine()
    this.work()
  }

  /** An image of the machine as it is, or null if the core has installed beyond it. */
  checkpoint(): Image | null {
    const meta = this.#core?.snapshotMeta(position(this.#machine.length)) ?? null
    return meta && { meta, machine: [...this.#machine] }
  }

  #onReady(ready: Ready<RaftMessage>): void {
    if (ready.leadership) this.#onLeadership(ready.leadership)
    const written = this.disk.write(ready)
    if (written !== '') {
      const line = this.isDiskHeld ? `${this.id} writes ${written}   in flight` : `${this.id} persists ${written}`
      this.#world.say(line, 'traffic')
    }
    for (const outgoing of ready.messages) this.#world.send(this.id, outgoing)
    for (const { token, result } of ready.settled) this.#world.onSettled(this, token, result)
    if (ready.installSnapshot) {
      const lastSequence = ready.firstSequence + ready.records.length - 1
      this.#acts.push({ kind: 'install', meta: ready.installSnapshot, sequence: lastSequence })
    }
    for (const committed of ready.committed) this.#acts.push({ kind: 'apply', committed })
    this.#reads.push(...ready.reads)
    if (ready.fetchSnapshot) {
      this.fetching = ready.fetchSnapshot
      const { from, meta } = ready.fetchSnapshot
      this.#world.say(`${this.id} asks ${from} for snapshot ${describeMeta(meta)}`, 'news')
    }
    if (!this.isDiskHeld || !this.disk.isBusy) this.#onPersisted(this.disk.persist(), false)
    this.#runMachine()
  }

  #onPersisted({ text, lastSequence, messages }: ReturnType<Disk['persist']>, wasHeld: boolean): void {
    if (wasHeld && text !== '') this.#world.say(`${this.id} persists ${text}`, 'traffic')
    for (const outgoing of messages) this.#world.send(this.id, outgoing)
    if (lastSequence === null) return
    this.#durableSequence = lastSequence
    this.#guard((core) => core.step({ kind: 'persisted', sequence: sequence(lastSequence) }))
  }

  /** Strictly in order, as a driver's applier does. */
  #runMachine(): void {
    const before = this.#machine.length
    let hasInstalled = false
    while (!this.isMachineHeld) {
      const act = this.#acts[0]
      if (!act || (act.kind === 'install' && act.sequence > this.#durableSequence)) break
      this.#acts.shift()
      if (act.kind === 'apply') this.#apply(act.committed)
      else hasInstalled = this.#install(act.meta) || hasInstalled
    }
    const { length } = this.#machine
    if (length > before || hasInstalled)
      this.#guard((core) => core.step({ kind: 'applied', position: position(length) }))
    const answered = this.#reads.filter((read) => read.position <= length)
    this.#reads = this.#reads.filter((read) => read.position > length)
    for (const read of answered) this.#world.onRead(this, read)
  }

  #apply({ position: at, command, token }: Committed): void {
    const content = command === null ? null : textOfBytes(command)
    this.#machine.push(content ?? '-')
    const isInOrder = this.#machine.length === at
    if (!isInOrder) this.#break(`applies ${at} behind ${this.#machine.length - 1}`)
    this.#world.say(
      `${this.id} applies ${at} ${content === null ? 'nothing' : quote(content)}`,
      content === null ? 'traffic' : 'news',
    )
    this.#world.onApplied(this, at, content)
    if (token !== null) this.#world.say(`${this.id} answers ${this.#world.nameOf(token)}: done at ${at}`, 'news')
  }

  #install(meta: SnapshotMeta): boolean {
    const image = this.disk.imageAt(meta.position)
    if (!image) {
      this.#break(`installs ${describeMeta(meta)}, of which it has no image`)
      return false
    }
    this.#machine = [...image.machine]
    this.#world.say(`${this.id} installs snapshot ${describeMeta(meta)}`, 'news')
    return true
  }

  #onLeadership(leadership: Leadership): void {
    const before = this.#announced
    this.#announced = leadership
    const { leader, epoch } = leadership
    if (leader === this.id) {
      this.#world.say(`${this.id} leads term ${epoch}`, 'news')
      this.#world.onOffice(this)
    } else if (before?.leader === this.id) {
      this.#world.say(`${this.id} steps down from term ${before.epoch}`, 'news')
    }
    if (leader !== null && leader !== this.id)
      this.#world.say(`${this.id} follows ${leader} in term ${epoch}`, 'traffic')
    if (leader === null && before !== null && before.leader !== this.id) {
      this.#world.say(`${this.id} knows no leader`, 'traffic')
    }
  }

  /** A broken promise stops the member, as it stops a replica. */
  #guard(run: (core: Raft) => void): void {
    if (!this.#core) return
    try {
      run(this.#core)
      this.#world.onStepped(this)
    } catch (error) {
      this.#break(describeError(error))
    }
  }

  #break(problem: string): void {
    this.crash()
    this.#world.say(`INVARIANT BROKEN: ${this.id}: ${problem}; ${this.id} stops`, 'news')
  }
}
