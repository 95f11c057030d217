import {
  assert,
  ByteWriter,
  position,
  readySeq,
  sequence,
  type Committed,
  type Input,
  type Member,
  type Members,
  type NodeId,
  type Outgoing,
  type Position,
  type Protocol,
  type ProtocolStart,
  type Ready,
  type ReadAnswer,
  type Sequence,
  type Settled,
  type SnapshotMeta,
  type Token,
} from '@quorate/contracts'
import type { Append, AppendReply, FixedLeaderMessage } from './message.js'

const heartbeatTicks = 5
const appendCommandsMax = 256

interface Follower {
  readonly id: NodeId
  match: number
  next: number
}

/** One member. A record is one command, so sequence and position are the same number. */
export class FixedLeaderMember implements Protocol<FixedLeaderMessage, never> {
  readonly #self: NodeId
  readonly #leader: NodeId
  readonly #members: Members
  readonly #voters: number
  readonly #followers: Follower[]
  readonly #entries: { command: Uint8Array; token: Token | null }[] = []
  #recoveredLast = 0
  #persisted = 0
  #commit = 0
  #taken = 0
  #delivered = 0
  #ticks = 0
  #seq = 0
  #announced = false
  #outbox: Outgoing<FixedLeaderMessage>[] = []
  #waitingReads: Token[] = []
  #reads: ReadAnswer[] = []
  #settled: { token: Token; result: Settled }[] = []

  constructor(start: ProtocolStart, leader: NodeId) {
    assert(start.snapshot === null, 'fixedLeader starts without a snapshot')
    const members = start.bootstrap ?? []
    assert(
      members.some((member) => member.id === leader),
      `${leader} leads and is not a member`,
    )
    this.#self = start.self
    this.#leader = leader
    this.#members = members
    this.#voters = members.filter((member) => member.role === 'voter').length
    this.#followers = this.#leads ? members.filter((member) => member.id !== start.self).map(newFollower) : []
  }

  get nextSequence(): Sequence {
    return sequence(this.#entries.length + 1)
  }

  recovered(at: Sequence, command: Uint8Array): void {
    assert(at === this.nextSequence, `record ${at} follows record ${this.nextSequence - 1}`)
    this.#entries.push({ command, token: null })
  }

  finishRecovery(): this {
    this.#recoveredLast = this.#persisted = this.#taken = this.#entries.length
    for (const follower of this.#followers) follower.next = this.#entries.length + 1
    this.#advanceCommit()
    return this
  }

  step(input: Input<FixedLeaderMessage, never>): void {
    switch (input.kind) {
      case 'tick':
        this.#ticks += 1 + input.missed
        if (this.#ticks >= heartbeatTicks) this.#heartbeat()
        return
      case 'receive':
        if (input.message.kind === 'append') this.#onAppend(input.from, input.message)
        else this.#onAppendReply(input.from, input.message)
        return
      case 'propose':
        this.#onPropose(input.token, input.command)
        return
      case 'readBarrier':
        if (this.#leads) this.#waitingReads.push(input.token)
        else this.#refuse(input.token, 'notLeader')
        this.#answerReads()
        return
      case 'persisted':
        assert(input.sequence >= this.#persisted, 'what is durable stays durable')
        this.#persisted = input.sequence
        this.#advanceCommit()
        return
      case 'admin':
      case 'changeMembers':
      case 'transfer':
        this.#refuse(input.token, 'unsupported')
        return
      default:
        return
    }
  }

  hasReady(): boolean {
    return (
      !this.#announced ||
      this.#taken < this.#entries.length ||
      this.#delivered < this.#deliverable ||
      this.#outbox.length + this.#reads.length + this.#settled.length > 0
    )
  }

  takeReady(): Ready<FixedLeaderMessage> {
    if (this.#leads) for (const follower of this.#followers) this.#sendNew(follower)
    const ready: Ready<FixedLeaderMessage> = {
      seq: readySeq((this.#seq += 1)),
      messages: [],
      firstSequence: sequence(this.#taken + 1),
      records: this.#entries.slice(this.#taken).map((entry) => entry.command),
      messagesAfterPersist: this.#outbox,
      release: null,
      committed: this.#takeCommitted(),
      reads: this.#reads,
      settled: this.#settled,
      leadership: this.#announced ? null : { leader: this.#leader, epoch: 1 },
      members: this.#announced ? null : this.#members,
      fetchSnapshot: null,
      installSnapshot: null,
    }
    this.#taken = this.#entries.length
    this.#announced = true
    this.#outbox = []
    this.#reads = []
    this.#settled = []
    return ready
  }

  snapshotMeta(at: Position): SnapshotMeta | null {
    return { position: at, epoch: 1, members: this.#members, protocol: new Uint8Array() }
  }

  describe() {
    return {
      role: this.#leads ? 'leader' : 'follower',
      lastPosition: this.#entries.length,
      persisted: this.#persisted,
      commit: this.#commit,
    }
  }

  exportState(): Uint8Array {
    const writer = new ByteWriter().u32(this.#entries.length)
    for (const entry of this.#entries) writer.bytes(entry.command)
    return writer.finish()
  }

  get #leads(): boolean {
    return this.#self === this.#leader
  }

  /** Order 7.2: nothing is handed to the machine before it is durable here. */
  get #deliverable(): number {
    return Math.min(this.#commit, this.#persisted)
  }

  #onPropose(token: Token, command: Uint8Array): void {
    if (!this.#leads) this.#refuse(token, 'notLeader')
    else this.#entries.push({ command, token })
  }

  #onAppend(from: NodeId, message: Append): void {
    if (from !== this.#leader || this.#leads) return
    if (message.previous <= this.#entries.length) {
      const known = this.#entries.length - message.previous
      for (const command of message.commands.slice(known)) this.#entries.push({ command, token: null })
      const vouched = message.previous + message.commands.length
      this.#commit = Math.max(this.#commit, Math.min(message.commit, vouched))
    }
    const reply: AppendReply = { kind: 'appendReply', last: position(this.#entries.length) }
    this.#outbox.push({ to: from, channel: 'log', message: reply })
  }

  #onAppendReply(from: NodeId, message: AppendReply): void {
    const follower = this.#followers.find((candidate) => candidate.id === from)
    if (!follower) return
    assert(message.last <= this.#entries.length, `${from} has entries that its only leader never wrote`)
    follower.match = Math.max(follower.match, message.last)
    follower.next = Math.max(follower.next, follower.match + 1)
    this.#advanceCommit()
  }

  #heartbeat(): void {
    this.#ticks = 0
    for (const follower of this.#followers) {
      follower.next = follower.match + 1
      if (!this.#sendNew(follower)) this.#sendAppend(follower)
    }
  }

  #sendNew(follower: Follower): boolean {
    const before = follower.next
    while (follower.next <= this.#entries.length) this.#sendAppend(follower)
    return follower.next > before
  }

  #sendAppend(follower: Follower): void {
    const entries = this.#entries.slice(follower.next - 1, follower.next - 1 + appendCommandsMax)
    const message: Append = {
      kind: 'append',
      previous: position(follower.next - 1),
      commit: position(this.#commit),
      commands: entries.map((entry) => entry.command),
    }
    this.#outbox.push({ to: follower.id, channel: 'log', message })
    follower.next += entries.length
  }

  #advanceCommit(): void {
    if (!this.#leads) return
    const matches = [this.#persisted, ...this.#followers.map((follower) => follower.match)]
    matches.sort((left, right) => right - left)
    this.#commit = Math.max(this.#commit, matches[Math.floor(this.#voters / 2)] ?? 0)
    this.#answerReads()
  }

  /** What an earlier life acknowledged is committed again before the first read is answered. */
  #answerReads(): void {
    if (this.#commit < this.#recoveredLast) return
    for (const token of this.#waitingReads) {
      this.#reads.push({ token, position: position(this.#commit), validUntilTick: null })
    }
    this.#waitingReads = []
  }

  #takeCommitted(): Committed[] {
    const committed: Committed[] = []
    while (this.#delivered < this.#deliverable) {
      const entry = this.#entries[this.#delivered]
      assert(entry !== undefined, 'a committed entry is there')
      this.#delivered += 1
      committed.push({ position: position(this.#delivered), token: entry.token, command: entry.command })
    }
    return committed
  }

  #refuse(token: Token, reason: 'notLeader' | 'unsupported'): void {
    const detail = reason === 'notLeader' ? `${this.#leader} leads for ever` : 'members and leader are fixed'
    this.#settled.push({ token, result: { kind: 'refused', reason, leader: this.#leader, detail } })
  }
}

function newFollower(member: Member): Follower {
  return { id: member.id, match: 0, next: 1 }
}
