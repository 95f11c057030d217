import {
  nodeId,
  position,
  seededRandom,
  sequence,
  sortedMembers,
  token,
  type Input,
  type Member,
  type NodeId,
  type Outgoing,
  type ProtocolStart,
  type Ready,
  type Release,
  type Settled,
  type SnapshotMeta,
} from '@quorate/contracts'
import { checkInvariants, Raft, raft, type RaftAdmin, type RaftMessage, type RaftOptions } from '../src/index.js'

/** A message on its way from one core to another. */
export interface Packet {
  readonly from: string
  readonly to: string
  readonly message: RaftMessage
}

/** What happens to a packet: it arrives, it is lost, or it waits until {@link Cores.release}. */
export type Fate = 'arrives' | 'lost' | 'waits'

/** A snapshot that is durable: what it stands for, and the machine's state, which is what it applied. */
export interface Image {
  readonly meta: SnapshotMeta
  readonly applied: readonly string[]
}

/** One member: a core, a disk that can be held, and what came out of the core in this life. */
export class Core {
  readonly id: NodeId
  readonly #start: Omit<ProtocolStart, 'random'>
  readonly #options: RaftOptions
  /** What is durable. */
  readonly records: Uint8Array[] = []
  /** What the durable journal was released to, and the snapshots beside it. */
  released: Release | null = null
  readonly images = new Map<number, Image>()
  /** Images that were asked for, and have neither come nor failed. */
  readonly fetches: NonNullable<Ready<RaftMessage>['fetchSnapshot']>[] = []
  isFetchHeld = false
  #installing: Image | null = null
  #unwritten: Ready<RaftMessage>[] = []
  #lives = 0
  raft: Raft
  isUp = true
  isDiskHeld = false
  isApplierHeld = false
  applied: string[] = []
  readonly settled = new Map<number, Settled>()
  readonly tokens: number[] = []
  readonly reads = new Map<number, number>()
  /** Every Ready of every life. */
  readonly readys: Ready<RaftMessage>[] = []

  constructor(start: Omit<ProtocolStart, 'random'>, options: RaftOptions) {
    this.id = start.self
    this.#start = start
    this.#options = options
    this.raft = this.#recover()
  }

  /** Readys that the disk has not answered for. */
  get unwritten(): number {
    return this.#unwritten.length
  }

  get state(): Raft['state'] {
    return this.raft.state
  }

  /** The window of the log as `term:command`, `-` for an entry without a command. */
  get log(): string[] {
    const { log } = this.state
    return Array.from({ length: log.lastIndex - log.base.index }, (_, at) => {
      const entry = log.entryAt(log.firstIndex + at)
      return `${entry.term}:${entry.kind === 'command' ? new TextDecoder().decode(entry.data) : '-'}`
    })
  }

  step(input: Input<RaftMessage, RaftAdmin>): void {
    this.raft.step(input)
    checkInvariants(this.state)
  }

  /** Takes what the core wants done. Returns what may leave. */
  work(): Outgoing<RaftMessage>[] {
    const leaving: Outgoing<RaftMessage>[] = []
    while (this.isUp && this.raft.hasReady()) {
      const ready = this.raft.takeReady()
      checkInvariants(this.state)
      this.readys.push(ready)
      this.#unwritten.push(ready)
      leaving.push(...ready.messages)
      for (const { token: given, result } of ready.settled) this.settled.set(given, result)
      for (const { token: given, position: at } of ready.reads) this.reads.set(given, at)
      for (const { token: given, command } of ready.committed) {
        this.applied.push(command === null ? '-' : new TextDecoder().decode(command))
        if (given !== null) this.tokens.push(given)
      }
      if (ready.fetchSnapshot) this.fetches.push(ready.fetchSnapshot)
      if (!this.isApplierHeld) this.reportApplied()
      if (!this.isDiskHeld) leaving.push(...this.persist())
    }
    return leaving
  }

  reportApplied(): void {
    if (this.#installing) this.applied = [...this.#installing.applied]
    this.#installing = null
    const { length } = this.applied
    if (length > this.state.lastApplied) this.step({ kind: 'applied', position: position(length) })
  }

  /** The disk answers for the oldest `count` Readys. Returns what may leave now. */
  persist(count = this.#unwritten.length): Outgoing<RaftMessage>[] {
    const written = this.#unwritten.splice(0, count)
    const records = written.flatMap((ready) => ready.records)
    this.records.push(...records)
    for (const { release, installSnapshot } of written) {
      this.released = release ?? this.released
      if (installSnapshot) this.#installing = this.images.get(installSnapshot.position) ?? null
    }
    if (records.length > 0) this.step({ kind: 'persisted', sequence: sequence(this.records.length) })
    if (this.#installing && !this.isApplierHeld) this.reportApplied()
    return written.flatMap((ready) => ready.messagesAfterPersist)
  }

  /** Saves a snapshot of what is applied, and says so. */
  save(): Image {
    const meta = this.raft.snapshotMeta(position(this.state.lastApplied))
    if (!meta) throw new Error(`${this.id} has nothing to save`)
    const image = { meta, applied: this.applied.slice(0, meta.position) }
    this.images.set(meta.position, image)
    this.step({ kind: 'snapshotSaved', meta })
    return image
  }

  /** Loses all that was not durable. */
  crash(): void {
    this.isUp = false
    this.#unwritten = []
    this.#installing = null
    this.fetches.length = 0
  }

  restart(): void {
    this.isUp = true
    this.isDiskHeld = false
    this.applied = [...(this.#snapshot?.applied ?? [])]
    this.raft = this.#recover()
  }

  get #snapshot(): Image | null {
    return this.released ? (this.images.get(this.released.snapshot) ?? null) : null
  }

  #recover(): Raft {
    const random = seededRandom(`${this.id} ${(this.#lives += 1)}`)
    const snapshot = this.#snapshot?.meta ?? null
    const recovery = raft(this.#options).recover({ ...this.#start, snapshot, random })
    const first = this.released?.sequence ?? 1
    this.records.slice(first - 1).forEach((record, at) => recovery.record(sequence(first + at), record))
    const core = recovery.finish()
    if (!(core instanceof Raft)) throw new TypeError('raft() makes Raft cores')
    return core
  }
}

/** A few cores with disks and a network that obey, for one story at a time. */
export class Cores {
  readonly all: readonly Core[]
  /** Every packet that left, in order, whatever became of it. */
  readonly sent: Packet[] = []
  fateOf: (packet: Packet) => Fate = () => 'arrives'
  readonly #cut = new Set<string>()
  #waiting: Packet[] = []
  #tokens = 0
  readonly #module = raft()

  /** `names` as in `'n1 n2 n3'`; a learner is written `n4?`. */
  constructor(names: string, options: RaftOptions = {}) {
    const bootstrap = sortedMembers(names.split(' ').map(memberOf))
    this.all = bootstrap.map(
      ({ id }) => new Core({ self: id, incarnation: 'i', bootstrap, snapshot: null, tickMs: 10 }, options),
    )
    this.settle()
  }

  core(name: string): Core {
    const found = this.all.find(({ id }) => id === name)
    if (!found) throw new TypeError(`there is no ${name}`)
    return found
  }

  get leaders(): string[] {
    return this.all.filter((core) => core.isUp && core.state.role === 'leader').map(({ id }) => id)
  }

  /** Everybody works until nothing is left to do. */
  settle(): void {
    for (let turns = 0; ; turns += 1) {
      if (turns > 10_000) throw new Error('these cores never come to rest')
      const packets = this.all.flatMap((core) => packetsOf(core, core.work()))
      if (packets.length === 0 && !this.#carryImages()) return
      for (const packet of packets) this.#carry(packet)
    }
  }

  /** Saves a snapshot of this member's machine. */
  save(name: string): Image {
    const image = this.core(name).save()
    this.settle()
    return image
  }

  /** The image that this member asked for first comes, or cannot be had. */
  fetch(name: string): void {
    this.#carryImage(this.core(name))
    this.settle()
  }

  #carryImages(): boolean {
    const waiting = this.all.filter((core) => core.isUp && !core.isFetchHeld && core.fetches.length > 0)
    for (const core of waiting) this.#carryImage(core)
    return waiting.length > 0
  }

  #carryImage(core: Core): void {
    const wanted = core.fetches.shift()
    if (!wanted) throw new Error(`${core.id} has asked for no image`)
    const sender = this.core(wanted.from)
    const image = sender.isUp ? sender.images.get(wanted.meta.position) : undefined
    if (image) core.images.set(image.meta.position, image)
    core.step({ kind: image ? 'snapshotFetched' : 'snapshotFailed', meta: wanted.meta })
  }

  /** The disk of a member answers, and everybody works. */
  persist(name: string, count?: number): void {
    const core = this.core(name)
    for (const packet of packetsOf(core, core.persist(count))) this.#carry(packet)
    this.settle()
  }

  /** Ticks for all that are up, or for those who are named, with everybody at rest between them. */
  tick(times: number, ...names: string[]): void {
    for (let left = times; left > 0; left -= 1) {
      for (const core of this.all) {
        if (core.isUp && (names.length === 0 || names.includes(core.id))) core.step({ kind: 'tick', missed: 0 })
      }
      this.settle()
    }
  }

  /** Ticks until the claim holds; a story in which it never does is wrong. */
  tickUntil(claim: () => boolean, ticksMax = 200): void {
    for (let ticks = 0; !claim(); ticks += 1) {
      if (ticks === ticksMax) throw new Error(`not so within ${ticksMax} ticks:\n${this.describe()}`)
      this.tick(1)
    }
  }

  /** The member asks for votes at once, and wins. */
  elect(name: string): void {
    this.campaign(name)
    if (!this.leaders.includes(name)) throw new Error(`${name} was not elected:\n${this.describe()}`)
  }

  campaign(name: string): void {
    this.core(name).step({ kind: 'admin', token: this.nextToken(), command: { kind: 'campaign' } })
    this.settle()
  }

  /** Proposes one command after the other, all before anybody works. Returns their tokens. */
  propose(name: string, ...commands: string[]): number[] {
    const { raft } = this.core(name)
    const given = commands.map((command) => {
      const each = this.nextToken()
      raft.step({ kind: 'propose', token: each, command: new TextEncoder().encode(command) })
      return each
    })
    checkInvariants(raft.state)
    this.settle()
    return given
  }

  /** Asks for leadership to be handed over. Returns the token. */
  transfer(name: string, to: string | null): number {
    const given = this.nextToken()
    this.core(name).step({ kind: 'transfer', token: given, to: to === null ? null : nodeId(to) })
    this.settle()
    return given
  }

  read(name: string): number {
    const given = this.nextToken()
    this.core(name).step({ kind: 'readBarrier', token: given })
    this.settle()
    return given
  }

  nextToken() {
    return token((this.#tokens += 1))
  }

  /** A message from anybody, also from nobody. */
  receive(name: string, from: string, message: RaftMessage): void {
    this.core(name).step({ kind: 'receive', from: nodeId(from), message })
    this.settle()
  }

  crash(...names: string[]): void {
    for (const name of names) this.core(name).crash()
  }

  restart(...names: string[]): void {
    for (const name of names) this.core(name).restart()
    this.settle()
  }

  /** Between the two groups nothing passes; with `oneWay` only from the first to the second nothing does. */
  cut(group: string, others: string, oneWay = false): void {
    for (const one of group.split(' ')) {
      for (const other of others.split(' ')) {
        this.#cut.add(`${one}>${other}`)
        if (!oneWay) this.#cut.add(`${other}>${one}`)
      }
    }
  }

  heal(): void {
    this.#cut.clear()
  }

  /** What waited arrives now. */
  release(): void {
    this.fateOf = () => 'arrives'
    for (const packet of this.#waiting.splice(0)) this.#carry(packet)
    this.settle()
  }

  /** Packets of this kind that left since `from`, an earlier length of {@link sent}. */
  sentOf(kind: RaftMessage['kind'], from = 0): Packet[] {
    return this.sent.slice(from).filter(({ message }) => message.kind === kind)
  }

  describe(): string {
    return this.all.map((core) => `${core.id} ${JSON.stringify(core.raft.describe())}`).join('\n')
  }

  #carry(packet: Packet): void {
    this.sent.push(packet)
    const receiver = this.all.find(({ id }) => id === packet.to)
    if (this.#cut.has(`${packet.from}>${packet.to}`) || !receiver?.isUp) return
    const fate = this.fateOf(packet)
    if (fate === 'waits') this.#waiting.push(packet)
    if (fate !== 'arrives') return
    const message = this.#module.decode(this.#module.encode(packet.message, 0))
    receiver.step({ kind: 'receive', from: nodeId(packet.from), message })
  }
}

function packetsOf(core: Core, outgoing: readonly Outgoing<RaftMessage>[]): Packet[] {
  return outgoing.map(({ to, message }) => ({ from: core.id, to, message }))
}

function memberOf(name: string): Member {
  const id = nodeId(name.replace('?', ''))
  const role = name.endsWith('?') ? 'learner' : 'voter'
  return { id, address: `${id}:1`, clientAddress: null, incarnation: null, role }
}
