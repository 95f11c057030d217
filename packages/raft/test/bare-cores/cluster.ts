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
import { BareDisk } from './disk.js'
import { ClusterInvariants, expectHolds } from './invariants.js'

interface Packet {
  readonly from: NodeId
  readonly to: NodeId
  readonly bytes: Uint8Array
}

interface BareMember {
  readonly id: NodeId
  readonly disk: BareDisk
  core: Raft | null
  delivered: number
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
  #packets: Packet[] = []
  #tokens = 0
  reads = 0

  constructor(size: number, random: Random, options: RaftOptions = {}) {
    this.#random = random
    this.#module = raft(options)
    const ids = Array.from({ length: size }, (_, at) => nodeId(`n${at + 1}`))
    this.#founders = sortedMembers(
      ids.map((id) => ({ id, address: `${id}:1`, clientAddress: null, incarnation: null, role: 'voter' as const })),
    )
    this.members = ids.map((id) => ({ id, disk: new BareDisk(), core: null, delivered: 0 }))
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
    if (ready.committed.length > 0) this.step(member, { kind: 'applied', position: position(member.delivered) })
    this.invariants.check(member.id, member.core.state)
  }

  persist(member: BareMember, count: number): void {
    if (!member.core) return
    const { lastSequence, messages } = member.disk.persist(count)
    this.#send(member.id, messages)
    if (lastSequence !== null) this.step(member, { kind: 'persisted', sequence: sequence(lastSequence) })
  }

  crash(member: BareMember): void {
    member.core = null
    member.disk.crash(this.#random.nextInt(member.disk.waiting + 1))
  }

  restart(member: BareMember): void {
    const recovery = this.#module.recover({
      self: member.id,
      incarnation: 'i',
      bootstrap: this.#founders,
      snapshot: null,
      random: this.#random.fork(),
      tickMs: 10,
    })
    member.disk.records.forEach((record, at) => recovery.record(sequence(at + 1), record))
    const core = recovery.finish()
    expectHolds(core instanceof Raft, 'the module makes Raft cores')
    member.core = core
    member.delivered = 0
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
    this.reads += 1
  }
}
