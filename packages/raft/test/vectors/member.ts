import { nodeId, seededRandom, sequence, sortedMembers, token, type Members, type NodeId } from '@quorate/contracts'
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
})

/** One member whose disk answers at once. A crash keeps its records, and nothing else. */
export class VectorMember {
  readonly #number: number
  readonly #size: number
  readonly #records: Uint8Array[] = []
  core: Raft

  constructor(number: number, size: number, records: readonly Uint8Array[] = []) {
    this.#number = number
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
      for (const { to, message } of [...ready.messages, ...ready.messagesAfterPersist]) {
        sent.push({ from: this.#number, to: numberOf(to), message: module.decode(module.encode(message, 0)) })
      }
    }
    return sent
  }

  /** The log as `[term, data]` pairs. */
  get log(): [number, string][] {
    const { log } = this.core.state
    return Array.from({ length: log.lastIndex }, (_, at) => {
      const entry = log.entryAt(at + 1)
      return [entry.term, new TextDecoder().decode(entry.data)]
    })
  }

  #recover(): Raft {
    const self = memberId(this.#number)
    const start = {
      self,
      incarnation: 'i',
      bootstrap: foundersOf(this.#size),
      snapshot: null,
      random: seededRandom(self),
      tickMs,
    }
    const recovery = recoverRaft(start, configInTicks(options, tickMs))
    this.#records.forEach((record, at) => recovery.record(sequence(at + 1), record))
    return recovery.finish() as Raft
  }
}
