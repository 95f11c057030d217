import {
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
import type { FixedLeaderMessage } from './message.js'
import { encodeRecord, type FixedLeaderRecord } from './record.js'

/**
 * The effects of steps until they are taken. Every message is lane two, entries too (section 9.3 of the ports): the epoch
 * never changes, so a leader that lost its newest entries in a crash would otherwise reuse their places. And every
 * message takes one channel, because a commit must not overtake what it is about.
 */
export class Outbox {
  #seq = 0
  #nextSequence: number
  #records: Uint8Array[] = []
  #messages: Outgoing<FixedLeaderMessage>[] = []
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
    return this.#nextSequence + this.#records.length
  }

  get isEmpty(): boolean {
    const lists = [this.#records, this.#messages, this.#reads, this.#settled]
    const others = [this.leadership, this.members, this.release, this.fetchSnapshot, this.installSnapshot]
    return lists.every(({ length }) => length === 0) && others.every((effect) => effect === null)
  }

  /** Returns the sequence of the record. */
  persist(record: FixedLeaderRecord): number {
    this.#records.push(encodeRecord(record))
    return this.nextSequence - 1
  }

  send(to: NodeId, message: FixedLeaderMessage): void {
    this.#messages.push({ to, channel: 'log', message })
  }

  answer(read: ReadAnswer): void {
    this.#reads.push(read)
  }

  settle(token: Token, result: Settled): void {
    this.#settled.push({ token, result })
  }

  takeReady(committed: readonly Committed[]): Ready<FixedLeaderMessage> {
    const ready: Ready<FixedLeaderMessage> = {
      seq: readySeq((this.#seq += 1)),
      messages: [],
      firstSequence: sequence(this.#nextSequence),
      records: this.#records,
      messagesAfterPersist: this.#messages,
      release: this.release,
      committed,
      reads: this.#reads,
      settled: this.#settled,
      leadership: this.leadership,
      members: this.members,
      fetchSnapshot: this.fetchSnapshot,
      installSnapshot: this.installSnapshot,
    }
    this.#nextSequence = this.nextSequence
    this.#records = []
    this.#messages = []
    this.#reads = []
    this.#settled = []
    this.leadership = this.members = this.release = this.fetchSnapshot = this.installSnapshot = null
    return ready
  }
}
