import {
  nodeId,
  position,
  seededRandom,
  sequence,
  sortedMembers,
  token,
  type Members,
  type NodeId,
  type Release,
  type SnapshotMeta,
} from '@quorate/contracts'
import { raft, type Raft, type RaftMessage } from '../../src/index.js'
import { recoverRaft } from '../../src/recover.js'
import { configInTicks, parseRaftOptions } from '../../src/config.js'

/** Vectors number their members from 1. */
export function memberId(number: number): NodeId {
  return nodeId(`n${number}`)
}

/** So many voters. */
export function foundersOf(size: number): Members {
  return sortedMembers(
    Array.from({ length: size }, (_, at) => ({
      id: memberId(at + 1),
      address: `member-${at + 1}:1`,
      clientAddress: null,
      incarnation: null,
      role: 'voter' as const,
    })),
  )
}

export function numberOf(id: NodeId | null): number {
  return id === null ? 0 : Number(id.slice(1))
}

/** An entry as vectors have it: `[term, data]`. */
export type VectorEntry = [number, string]

/** A message on its way. */
export interface Sent {
  readonly from: number
  readonly to: number
  readonly message: RaftMessage
}

const tickMs = 10

/** The settings of the vectors: no pre-vote, no check of the quorum, windows that never fill, one heartbeat per tick. */
const options = parseRaftOptions({
  preVote: false,
  checkQuorum: false,
  heartbeatMs: tickMs,
  inflightMessagesMax: 1_000_000,
  inflightBytesMax: 1_000_000_000,
  batchEntriesMax: 1_000_000,
  tailEntriesMax: 0,
})

/** One member whose disk answers at once. A crash keeps its records, and nothing else. */
export class VectorMember {
  readonly #number: number
  readonly #size: number
  readonly #records: Uint8Array[] = []
  /** What snapshots stand for, by their position: of the whole cluster, because what is committed is the same for all. */
  readonly #prefixes: Map<number, VectorEntry[]>
  #released: Release | null = null
  #snapshot: SnapshotMeta | null = null
  core: Raft

  constructor(
    number: number,
    size: number,
    records: readonly Uint8Array[] = [],
    prefixes = new Map<number, VectorEntry[]>(),
  ) {
    this.#number = number
    this.#prefixes = prefixes
    this.#size = size
    this.#records.push(...records)
    this.core = this.#recover()
  }

  restart(): void {
    this.core = this.#recover()
  }

  campaign(): void {
    this.core.step({ kind: 'admin', token: token(0), command: { kind: 'campaign' } })
  }

  propose(data: string): void {
    this.core.step({ kind: 'propose', token: token(0), command: new TextEncoder().encode(data) })
  }

  transfer(to: number): void {
    this.core.step({ kind: 'transfer', token: token(0), to: memberId(to) })
  }

  /** Saves a snapshot of what is applied. It may be no news. */
  compact(): void {
    const meta = this.core.snapshotMeta(position(this.core.state.lastApplied))
    if (!meta) return
    this.#prefixes.set(meta.position, this.log.slice(0, meta.position))
    this.core.step({ kind: 'snapshotSaved', meta })
  }

  receive(from: number, message: RaftMessage): void {
    this.core.step({ kind: 'receive', from: memberId(from), message })
  }

  /** Carries out all effects, and returns what is sent, as the other side would decode it. */
  takeSent(): Sent[] {
    const module = raft()
    const sent: Sent[] = []
    while (this.core.hasReady()) {
      const ready = this.core.takeReady()
      this.#records.push(...ready.records)
      const last = ready.firstSequence + ready.records.length - 1
      if (ready.records.length > 0) this.core.step({ kind: 'persisted', sequence: sequence(last) })
      if (ready.release) {
        this.#released = ready.release
        this.#snapshot = this.core.state.snapshot
      }
      const applied = ready.installSnapshot?.position ?? ready.committed.at(-1)?.position
      if (applied !== undefined) this.core.step({ kind: 'applied', position: applied })
      if (ready.fetchSnapshot) this.core.step({ kind: 'snapshotFetched', meta: ready.fetchSnapshot.meta })
      for (const { to, message } of [...ready.messages, ...ready.messagesAfterPersist]) {
        sent.push({ from: this.#number, to: numberOf(to), message: module.decode(module.encode(message, 0)) })
      }
    }
    return sent
  }

  /** The log, with what snapshots stand for. */
  get log(): VectorEntry[] {
    const { log } = this.core.state
    const { index: base } = log.base
    const window = Array.from({ length: log.lastIndex - base }, (_, at): VectorEntry => {
      const entry = log.entryAt(log.firstIndex + at)
      return [entry.term, new TextDecoder().decode(entry.data)]
    })
    return [...(this.#prefixes.get(base) ?? []), ...window]
  }

  #recover(): Raft {
    const self = memberId(this.#number)
    const start = {
      self,
      incarnation: 'i',
      bootstrap: foundersOf(this.#size),
      snapshot: this.#snapshot,
      random: seededRandom(self),
      tickMs,
    }
    const recovery = recoverRaft(start, configInTicks(options, tickMs))
    const first = this.#released?.sequence ?? 1
    this.#records.slice(first - 1).forEach((record, at) => recovery.record(sequence(first + at), record))
    return recovery.finish() as Raft
  }
}
