import {
  position,
  readySeq,
  sequence,
  type Committed,
  type Leadership,
  type Members,
  type NodeId,
  type Outgoing,
  type ReadAnswer,
  type Ready,
  type Release,
  type Settled,
  type SnapshotMeta,
  type Token,
} from '@quorate/contracts'
import type { Entry, EntryId } from './entry.js'
import type { RaftMessage } from './message.js'
import type { HardState, RaftRecord } from './record.js'
import type { LogIndex } from './units.js'
import { encodeRecord } from './wire/record-codec.js'

interface EntriesDraft {
  readonly kind: 'entries'
  readonly firstIndex: LogIndex
  readonly entries: Entry[]
}

type Draft = Exclude<RaftRecord, { kind: 'entries' }> | EntriesDraft

/**
 * The effects of steps until they are taken.
 *
 * Two lanes of messages (order 7.1 of the ports). Lane one leaves before the sender's own disk has answered: entries and
 * heartbeats, because a leader counts itself only once its disk has answered and its term was durable before it led
 * (thesis §10.2.1); and the question before an election, which promises nothing. Lane two waits: a vote or an
 * acknowledgement that left earlier would be a promise that a crash breaks.
 */
export class Outbox {
  #seq = 0
  #nextSequence: number
  #laneOne: Outgoing<RaftMessage>[] = []
  #laneTwo: Outgoing<RaftMessage>[] = []
  #drafts: Draft[] = []
  #committed: Committed[] = []
  #reads: ReadAnswer[] = []
  #settled: { token: Token; result: Settled }[] = []
  leadership: Leadership | null = null
  members: Members | null = null
  release: Release | null = null
  fetchSnapshot: { readonly from: NodeId; readonly meta: SnapshotMeta } | null = null
  installSnapshot: SnapshotMeta | null = null

  constructor(nextSequence: number) {
    this.#nextSequence = nextSequence
  }

  /** The sequence that the next new record gets. */
  get nextSequence(): number {
    return this.#nextSequence + this.#drafts.length
  }

  /** The last record that was taken. */
  get takenSequence(): number {
    return this.#nextSequence - 1
  }

  get isEmpty(): boolean {
    const lists =
      this.#laneOne.length +
      this.#laneTwo.length +
      this.#drafts.length +
      this.#committed.length +
      this.#reads.length +
      this.#settled.length
    const news = [this.leadership, this.members, this.release, this.fetchSnapshot, this.installSnapshot]
    return lists === 0 && news.every((each) => each === null)
  }

  /** Puts a message in the lane that its kind demands. */
  send(to: NodeId, message: RaftMessage): void {
    switch (message.kind) {
      case 'appendEntries':
        this.#laneOne.push({ to, channel: 'log', message })
        return
      case 'heartbeat':
      case 'requestPreVote':
      case 'installSnapshot':
      case 'timeoutNow':
        this.#laneOne.push({ to, channel: 'control', message })
        return
      case 'requestPreVoteReply':
      case 'requestVote':
      case 'requestVoteReply':
      case 'heartbeatReply':
      case 'installSnapshotReply':
        this.#laneTwo.push({ to, channel: 'control', message })
        return
      case 'appendEntriesReply':
        this.#laneTwo.push({ to, channel: 'log', message })
        return
    }
  }

  /** Returns the sequence of the record that will hold it. */
  persistHardState(hardState: HardState): number {
    if (this.#drafts.at(-1)?.kind === 'hardState') this.#drafts.pop()
    this.#drafts.push({ kind: 'hardState', hardState })
    return this.nextSequence - 1
  }

  /** Returns the sequence of the record that will hold it. */
  persistReset(base: EntryId): number {
    this.#drafts.push({ kind: 'reset', base })
    return this.nextSequence - 1
  }

  persistBootstrap(members: Members): void {
    this.#drafts.push({ kind: 'bootstrap', members })
  }

  /** Returns the sequence of the record that will hold it. Entries in a row share one. */
  persistEntry(entry: Entry): number {
    const last = this.#drafts.at(-1)
    if (last?.kind === 'entries' && last.firstIndex + last.entries.length === entry.index) last.entries.push(entry)
    else this.#drafts.push({ kind: 'entries', firstIndex: entry.index, entries: [entry] })
    return this.nextSequence - 1
  }

  commit(committed: Committed): void {
    this.#committed.push(committed)
  }

  answerRead(token: Token, index: LogIndex): void {
    this.#reads.push({ token, position: position(index), validUntilTick: null })
  }

  settle(token: Token, result: Settled): void {
    this.#settled.push({ token, result })
  }

  take(): Ready<RaftMessage> {
    const ready: Ready<RaftMessage> = {
      seq: readySeq((this.#seq += 1)),
      messages: this.#laneOne,
      firstSequence: sequence(this.#nextSequence),
      records: this.#drafts.map(encodeRecord),
      messagesAfterPersist: this.#laneTwo,
      release: this.release,
      committed: this.#committed,
      reads: this.#reads,
      settled: this.#settled,
      leadership: this.leadership,
      members: this.members,
      fetchSnapshot: this.fetchSnapshot,
      installSnapshot: this.installSnapshot,
    }
    this.#nextSequence += this.#drafts.length
    this.#laneOne = []
    this.#laneTwo = []
    this.#drafts = []
    this.#committed = []
    this.#reads = []
    this.#settled = []
    this.leadership = null
    this.members = null
    this.release = null
    this.fetchSnapshot = null
    this.installSnapshot = null
    return ready
  }
}
