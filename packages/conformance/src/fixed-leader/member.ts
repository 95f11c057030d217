import {
  assert,
  ByteWriter,
  position,
  readySeq,
  sequence,
  token,
  type ByteReader,
  type Committed,
  type Input,
  type JsonValue,
  type Member,
  type Members,
  type NodeId,
  type Outgoing,
  type PeerProgress,
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
import { readToken, writeToken } from '../token-codec.js'
import type { Append, AppendReply, FixedLeaderMessage } from './message.js'

const heartbeatTicks = 5
const appendCommandsMax = 256
/** Far below the largest frame; a larger command goes alone. */
const appendBytesMax = 1024 * 1024

interface Follower {
  readonly id: NodeId
  readonly isVoter: boolean
  match: number
  next: number
}

/** One member. A record is one command, so sequence and position are the same number. */
export class FixedLeaderMember implements Protocol<FixedLeaderMessage, never> {
  readonly #self: NodeId
  readonly #leader: NodeId
  readonly #members: Members
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
      members.some((member) => member.id === leader && member.role === 'voter'),
      `${leader} leads and is no voting member`,
    )
    this.#self = start.self
    this.#leader = leader
    this.#members = members
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

  describe(): JsonValue {
    return {
      role: this.#leads ? 'leader' : 'follower',
      lastPosition: this.#entries.length,
      persisted: this.#persisted,
      commit: this.#commit,
    }
  }

  progress(): readonly PeerProgress[] {
    return this.#followers.map(({ id, match, next }) => ({
      id,
      phase: 'replicate',
      behind: this.#entries.length - match,
      inflight: next - 1 - match,
    }))
  }

  exportState(): Uint8Array {
    assert(!this.hasReady(), 'effects are taken before the state is exported')
    const writer = new ByteWriter().u32(this.#entries.length)
    this.#entries.forEach(({ command, token }, at) => {
      writer.bytes(command)
      writeToken(writer, at < this.#delivered ? null : token)
    })
    writer.u53(this.#recoveredLast).u53(this.#persisted).u53(this.#commit).u53(this.#delivered).u32(this.#ticks)
    for (const follower of this.#followers) writer.u53(follower.match).u53(follower.next)
    writer.u32(this.#waitingReads.length)
    for (const token of this.#waitingReads) writer.u53(token)
    return writer.finish()
  }

  /** Inverse of {@link exportState}, for a member that has only just been made. */
  restore(reader: ByteReader): this {
    for (let left = reader.count(5); left > 0; left -= 1) {
      this.#entries.push({ command: reader.bytes(), token: readToken(reader) })
    }
    this.#recoveredLast = reader.u53()
    this.#persisted = reader.u53()
    this.#commit = reader.u53()
    this.#delivered = reader.u53()
    this.#ticks = reader.u32()
    for (const follower of this.#followers) {
      follower.match = reader.u53()
      follower.next = reader.u53()
    }
    for (let left = reader.count(8); left > 0; left -= 1) this.#waitingReads.push(token(reader.u53()))
    this.#taken = this.#entries.length
    this.#announced = true
    return this
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
    // More than its only leader ever wrote is somebody else's log: such a member is not counted.
    if (!follower || message.last > this.#entries.length) return
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
    const entries = this.#entries.slice(follower.next - 1, this.#endOfAppend(follower.next - 1))
    const message: Append = {
      kind: 'append',
      previous: position(follower.next - 1),
      commit: position(this.#commit),
      commands: entries.map((entry) => entry.command),
    }
    this.#outbox.push({ to: follower.id, channel: 'log', message })
    follower.next += entries.length
  }

  /** How far the entries from here on fit into one message. */
  #endOfAppend(from: number): number {
    let bytes = 0
    let end = from
    for (; end < this.#entries.length && end - from < appendCommandsMax; end += 1) {
      bytes += this.#entries[end]?.command.length ?? 0
      if (bytes > appendBytesMax && end > from) break
    }
    return end
  }

  /** A majority of the voters has it durably; learners are not counted. */
  #advanceCommit(): void {
    if (!this.#leads) return
    const voters = this.#followers.filter((follower) => follower.isVoter)
    const matches = [this.#persisted, ...voters.map((follower) => follower.match)]
    matches.sort((left, right) => right - left)
    this.#commit = Math.max(this.#commit, matches[Math.floor(matches.length / 2)] ?? 0)
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
  return { id: member.id, isVoter: member.role === 'voter', match: 0, next: 1 }
}
