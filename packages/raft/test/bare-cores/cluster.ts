import {
  nodeId,
  position,
  sequence,
  sortedMembers,
  token,
  type Input,
  type Members,
  type NodeId,
  type Outgoing,
  type ProtocolModule,
  type Random,
} from '@quorate/contracts'
import { Raft, raft, type RaftAdmin, type RaftMessage, type RaftOptions } from '../../src/index.js'
import { ClusterInvariants, expectHolds } from './invariants.js'
import { BareMember, chained, type Act } from './member.js'

interface Packet {
  readonly from: NodeId
  readonly to: NodeId
  readonly bytes: Uint8Array
}

/** How often something happened that a schedule has to bring about. */
export interface Counters {
  reads: number
  saved: number
  /** Checkpoints that the core had gone past (PORTS 9.7). */
  skipped: number
  installed: number
  /** Over a log of another history (Figure 13), and before entries that stay. */
  installedOverConflict: number
  installedBeforeEntries: number
  imagesIgnored: number
  imagesFailed: number
  transfers: number
  suspicions: number
}

/** Bare cores, their disks and a network, moved one step at a time. Invariants are checked after every step. */
export class BareCluster {
  readonly members: readonly BareMember[]
  readonly invariants = new ClusterInvariants()
  readonly #module: ProtocolModule<RaftMessage, RaftAdmin>
  readonly #founders: Members
  readonly #random: Random
  readonly #cut = new Set<string>()
  readonly #proposed = new Map<number, string>()
  readonly #overwritten = new Set<string>()
  readonly #delivered = new Set<string>()
  readonly #readsFrom = new Map<number, number>()
  readonly #hashes: (number | undefined)[] = []
  readonly #transfers = new Set<number>()
  #packets: Packet[] = []
  #tokens = 0
  readonly counters: Counters = {
    reads: 0,
    saved: 0,
    skipped: 0,
    installed: 0,
    installedOverConflict: 0,
    installedBeforeEntries: 0,
    imagesIgnored: 0,
    imagesFailed: 0,
    transfers: 0,
    suspicions: 0,
  }

  constructor(size: number, random: Random, options: RaftOptions = {}) {
    this.#random = random
    this.#module = raft(options)
    const ids = Array.from({ length: size }, (_, at) => nodeId(`n${at + 1}`))
    this.#founders = sortedMembers(
      ids.map((id) => ({ id, address: `${id}:1`, clientAddress: null, incarnation: null, role: 'voter' as const })),
    )
    this.members = ids.map((id) => new BareMember(id))
    for (const member of this.members) this.restart(member)
  }

  get packets(): number {
    return this.#packets.length
  }

  get commits(): number {
    return this.invariants.maxCommit
  }

  step(member: BareMember, input: Input<RaftMessage, RaftAdmin>): void {
    if (!member.core) return
    member.core.step(input)
    this.invariants.check(member.id, member.core.state)
  }

  takeReady(member: BareMember): void {
    if (!member.core?.hasReady()) return
    const ready = member.core.takeReady()
    this.#send(member.id, ready.messages)
    member.disk.write(ready)
    for (const { token: given, result } of ready.settled) this.#onSettled(given, result.kind)
    for (const read of ready.reads) this.#onRead(read.token, read.position)
    for (const { position: at, token: given, command } of ready.committed) {
      expectHolds(at === member.delivered + 1, () => `${member.id} delivers ${at} after ${member.delivered}`)
      member.delivered = at
      this.invariants.checkDelivered(member.id, at, command)
      this.#onDelivered(given, command)
    }
    if (ready.fetchSnapshot) member.fetching = ready.fetchSnapshot
    if (ready.installSnapshot) {
      const last = ready.firstSequence + ready.records.length - 1
      member.acts.push({ kind: 'install', meta: ready.installSnapshot, sequence: last })
    }
    member.acts.push(...ready.committed.map((committed): Act => ({ kind: 'apply', committed })))
    this.invariants.check(member.id, member.core.state)
  }

  /** The applier does up to `count` things, in order; an installation waits for its records. */
  apply(member: BareMember, count: number): void {
    const before = member.applied
    for (let left = count; left > 0; left -= 1) {
      const act = member.acts[0]
      if (!act || (act.kind === 'install' && act.sequence > member.disk.durableSequence)) break
      member.acts.shift()
      if (act.kind === 'install') {
        const { hash } = member.disk.imageAt(act.meta.position)
        member.become(act.meta.position, hash)
        member.delivered = act.meta.position
        this.counters.installed += 1
      } else {
        const { position: at, command } = act.committed
        expectHolds(at === member.applied + 1, () => `${member.id} applies ${at} after ${member.applied}`)
        member.become(at, chained(member.hash, command))
      }
      const known = (this.#hashes[member.applied] ??= member.hash)
      expectHolds(known === member.hash, () => `${member.id} has another state at ${member.applied} than others had`)
    }
    if (member.applied > before) this.step(member, { kind: 'applied', position: position(member.applied) })
  }

  /** Takes a checkpoint, or finishes the one that was taken. */
  save(member: BareMember): void {
    if (!member.core || member.applied === 0) return
    const image = member.saving
    if (image) {
      member.saving = null
      member.disk.saveImage(image)
      this.step(member, { kind: 'snapshotSaved', meta: image.meta })
      this.counters.saved += 1
      return
    }
    const meta = member.core.snapshotMeta(position(member.applied))
    if (meta) member.saving = { meta, hash: member.hash }
    else this.counters.skipped += 1
  }

  /** The image that a member asked for comes, or cannot be had. */
  fetch(member: BareMember, fails: boolean): void {
    const { core, fetching } = member
    if (!core || !fetching) return
    member.fetching = null
    const { meta } = fetching
    const sender = this.members.find(({ id }) => id === fetching.from)
    const image = sender?.core && !fails ? sender.disk.findImage(meta.position) : null
    if (!image) {
      this.counters.imagesFailed += 1
      this.step(member, { kind: 'snapshotFailed', meta })
      return
    }
    member.disk.saveImage(image)
    const { log } = core.state
    const isConflict = log.lastIndex >= meta.position && log.termAt(meta.position) !== meta.epoch
    const isBefore = log.lastIndex > meta.position && !isConflict
    this.step(member, { kind: 'snapshotFetched', meta })
    if (core.state.snapshot !== meta) this.counters.imagesIgnored += 1
    else if (isConflict) this.counters.installedOverConflict += 1
    else if (isBefore) this.counters.installedBeforeEntries += 1
  }

  transfer(member: BareMember): void {
    const given = (this.#tokens += 1)
    this.#transfers.add(given)
    const to = this.#random.nextInt(3) === 0 ? null : this.members[this.#random.nextInt(this.members.length)]!.id
    this.step(member, { kind: 'transfer', token: token(given), to })
  }

  /** Somebody is said to be gone, rightly or not. */
  suspect(member: BareMember): void {
    const peer = this.members[this.#random.nextInt(this.members.length)]!.id
    this.step(member, { kind: 'linkDown', peer, gone: true })
    if (member.core?.state.suspicion) this.counters.suspicions += 1
  }

  persist(member: BareMember, count: number): void {
    if (!member.core) return
    const { lastSequence, messages } = member.disk.persist(count)
    this.#send(member.id, messages)
    if (lastSequence !== null) this.step(member, { kind: 'persisted', sequence: sequence(lastSequence) })
  }

  /** What waits for the disk is lost, or some of it had reached it. */
  crash(member: BareMember, losesAll = false): void {
    member.core = null
    member.disk.crash(losesAll ? 0 : this.#random.nextInt(member.disk.waiting + 1))
  }

  restart(member: BareMember): void {
    const recovery = this.#module.recover({
      self: member.id,
      incarnation: 'i',
      bootstrap: this.#founders,
      snapshot: member.disk.snapshot?.meta ?? null,
      random: this.#random.fork(),
      tickMs: 10,
    })
    member.disk.replay((at, record) => recovery.record(sequence(at), record))
    const core = recovery.finish()
    expectHolds(core instanceof Raft, 'the module makes Raft cores')
    member.start(core)
  }

  propose(member: BareMember): void {
    const given = (this.#tokens += 1)
    const text = `c${given}`
    this.#proposed.set(given, text)
    this.step(member, { kind: 'propose', token: token(given), command: new TextEncoder().encode(text) })
  }

  read(member: BareMember): void {
    const given = (this.#tokens += 1)
    this.#readsFrom.set(given, this.invariants.maxCommit)
    this.step(member, { kind: 'readBarrier', token: token(given) })
  }

  /** Takes a packet from anywhere in the network: any order may happen. */
  deliver(at: number, fate: 'once' | 'lost' | 'twice'): void {
    const [packet] = this.#packets.splice(at, 1)
    if (!packet) return
    if (fate === 'lost' || this.#cut.has(`${packet.from}>${packet.to}`)) return
    if (fate === 'twice') this.#packets.push(packet)
    const receiver = this.members.find((member) => member.id === packet.to)
    if (receiver)
      this.step(receiver, { kind: 'receive', from: packet.from, message: this.#module.decode(packet.bytes) })
  }

  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(`${from}>${to}`)
  }

  heal(): void {
    this.#cut.clear()
  }

  #send(from: NodeId, messages: readonly Outgoing<RaftMessage>[]): void {
    for (const { to, message } of messages) this.#packets.push({ from, to, bytes: this.#module.encode(message, 0) })
  }

  #onSettled(given: number, kind: string): void {
    if (kind === 'done' && this.#transfers.has(given)) this.counters.transfers += 1
    const text = this.#proposed.get(given)
    if (text === undefined || kind !== 'overwritten') return
    expectHolds(!this.#delivered.has(text), () => `"${text}" is said to be overwritten and was applied`)
    this.#overwritten.add(text)
  }

  #onDelivered(given: number | null, command: Uint8Array | null): void {
    if (command === null) return
    const text = new TextDecoder().decode(command)
    this.#delivered.add(text)
    expectHolds(!this.#overwritten.has(text), () => `"${text}" is applied and was said to be overwritten`)
    if (given === null) return
    const proposed = this.#proposed.get(given)
    expectHolds(proposed === text, () => `the token of "${proposed ?? 'nothing'}" came back with "${text}"`)
  }

  /** A read sees at least what anybody had committed when it was asked. */
  #onRead(given: number, at: number): void {
    const from = this.#readsFrom.get(given) ?? Infinity
    expectHolds(at >= from, () => `a read asked at commit ${from} is answered from ${at}`)
    this.counters.reads += 1
  }
}
