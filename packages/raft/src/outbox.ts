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
import { EntriesDraft } from './entries-draft.js'
import { EntriesRun } from './entries-run.js'
import type { Entry, EntryId } from './entry.js'
import { Gathered } from './gathered.js'
import type { RaftMessage } from './message.js'
import type { HardState, RaftRecord } from './record.js'
import type { LogIndex } from './units.js'
import { encodeRecord } from './wire/record-codec.js'

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
  readonly #laneOne = new Gathered<Outgoing<RaftMessage>>()
  readonly #laneTwo = new Gathered<Outgoing<RaftMessage>>()
  readonly #drafts = new Gathered<Draft>()
  readonly #committed = new Gathered<Committed>()
  readonly #reads = new Gathered<ReadAnswer>()
  readonly #settled = new Gathered<{ token: Token; result: Settled }>()
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
    return this.#nextSequence + this.#drafts.count
  }

  /** The last record that was taken. */
  get takenSequence(): number {
    return this.#nextSequence - 1
  }

  get isEmpty(): boolean {
    return (
      this.#laneOne.count === 0 &&
      this.#laneTwo.count === 0 &&
      this.#drafts.count === 0 &&
      this.#committed.count === 0 &&
      this.#reads.count === 0 &&
      this.#settled.count === 0 &&
      this.leadership === null &&
      this.members === null &&
      this.release === null &&
      this.fetchSnapshot === null &&
      this.installSnapshot === null
    )
  }

  /** Puts a message in the lane that its kind demands. */
  send(to: NodeId, message: RaftMessage): void {
    switch (message.kind) {
      case 'appendEntries':
        this.#laneOne.add({ to, channel: 'log', message })
        return
      case 'heartbeat':
      case 'requestPreVote':
      case 'installSnapshot':
      case 'timeoutNow':
        this.#laneOne.add({ to, channel: 'control', message })
        return
      case 'requestPreVoteReply':
      case 'requestVote':
      case 'requestVoteReply':
      case 'heartbeatReply':
      case 'installSnapshotReply':
        this.#laneTwo.add({ to, channel: 'control', message })
        return
      case 'appendEntriesReply':
        this.#laneTwo.add({ to, channel: 'log', message })
        return
    }
  }

  /** Returns the sequence of the record that will hold it. */
  persistHardState(hardState: HardState): number {
    if (this.#drafts.last?.kind === 'hardState') this.#drafts.dropLast()
    this.#drafts.add({ kind: 'hardState', hardState })
    return this.nextSequence - 1
  }

  /** Returns the sequence of the record that will hold it. */
  persistReset(base: EntryId): number {
    this.#drafts.add({ kind: 'reset', base })
    return this.nextSequence - 1
  }

  persistBootstrap(members: Members): void {
    this.#drafts.add({ kind: 'bootstrap', members })
  }

  /** Returns the sequence of the record that will hold it. Entries in a row share one. */
  persistEntry(entry: Entry): number {
    const last = this.#drafts.last
    if (last?.kind === 'entries' && last.nextIndex === entry.index) last.add(entry)
    else this.#drafts.add(new EntriesDraft(new EntriesRun(entry.index, [entry])))
    return this.nextSequence - 1
  }

  /** The same for all of a run. */
  persistRun(run: EntriesRun): number {
    const last = this.#drafts.last
    const isContinued = last?.kind === 'entries' && last.nextIndex === run.firstIndex
    if (!isContinued) this.#drafts.add(new EntriesDraft(run))
    else for (const entry of run.entries) last.add(entry)
    return this.nextSequence - 1
  }

  /** The run of these entries: the one that is to be recorded, if it holds the same. */
  runOf(firstIndex: LogIndex, entries: readonly Entry[]): EntriesRun {
    const last = this.#drafts.last
    const isDrafted = last?.kind === 'entries' && last.holds(entries)
    return isDrafted ? last.handOut() : new EntriesRun(firstIndex, entries)
  }

  commit(committed: Committed): void {
    this.#committed.add(committed)
  }

  answerRead(token: Token, index: LogIndex): void {
    this.#reads.add({ token, position: position(index), validUntilTick: null })
  }

  settle(token: Token, result: Settled): void {
    this.#settled.add({ token, result })
  }

  take(): Ready<RaftMessage> {
    const ready: Ready<RaftMessage> = {
      seq: readySeq((this.#seq += 1)),
      messages: this.#laneOne.take(),
      firstSequence: sequence(this.#nextSequence),
      records: this.#takeRecords(),
      messagesAfterPersist: this.#laneTwo.take(),
      release: this.release,
      committed: this.#committed.take(),
      reads: this.#reads.take(),
      settled: this.#settled.take(),
      leadership: this.leadership,
      members: this.members,
      fetchSnapshot: this.fetchSnapshot,
      installSnapshot: this.installSnapshot,
    }
    this.leadership = null
    this.members = null
    this.release = null
    this.fetchSnapshot = null
    this.installSnapshot = null
    return ready
  }

  #takeRecords(): readonly Uint8Array[] {
    if (this.#drafts.count === 0) return []
    const records = this.#drafts.take().map(recordOf)
    this.#nextSequence += records.length
    return records
  }
}

function recordOf(draft: Draft): Uint8Array {
  return draft.kind === 'entries' ? draft.handOut().record : encodeRecord(draft)
}
