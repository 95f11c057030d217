import type { JsonValue } from './json.js'
import type { Members } from './members.js'
import type { Random } from './random.js'
import type { Release, SnapshotMeta } from './storage.js'
import type { NodeId, Position, ReadySeq, Sequence, Token } from './units.js'

/**
 * An algorithm that brings commands into one agreed order, with the codecs of what it sends and stores.
 *
 * A module is stateless; each member's life is one {@link Protocol} that it makes by {@link ProtocolModule.recover}.
 * `Message` is what members say to each other, `Admin` what an operator may ask of this protocol alone.
 */
export interface ProtocolModule<Message, Admin> {
  /** `raft`, `paxos`, … Members of one cluster run the same one; the hello says so. */
  readonly name: string
  /** How long it is patient with a leader; null for a protocol that never replaces one. */
  readonly timing: ProtocolTiming | null
  /**
   * The newest version of each of its formats that this code reads, by a name of its own (`record`, `message`). Members
   * announce them, and a later one is written only once all can read it (decision D26). Absent: none has a second version.
   */
  readonly formats?: Readonly<Record<string, number>>
  recover(start: ProtocolStart): Recovery<Message, Admin>
  /** The first `reserve` bytes of the result are left for the driver, so that no frame is copied. */
  encode(message: Message, reserve: number): Uint8Array
  /** Throws `ProtocolFormatError` and nothing else. */
  decode(bytes: Uint8Array): Message
  encodeAdmin(command: Admin): Uint8Array
  /** Throws `ProtocolFormatError` and nothing else. */
  decodeAdmin(bytes: Uint8Array): Admin
  /** Inverse of {@link Protocol.exportState}. */
  importState(state: Uint8Array, start: ProtocolStart): Protocol<Message, Admin>
}

/**
 * What an operator has to compare the network and the machines with: a leader is given up after a silence, so whatever
 * takes that long, a round trip, a write or a stall of the event loop, can cost an election.
 */
export interface ProtocolTiming {
  /** How often a leader is heard when nothing else is said, in milliseconds. */
  readonly heartbeatMs: number
  /** The shortest silence after which another member may want to lead, in milliseconds. */
  readonly patienceMs: number
}

/** What a protocol is told when it starts. */
export interface ProtocolStart {
  readonly self: NodeId
  readonly incarnation: string
  /** The founding members, at every start of a founder; used only when snapshot and replay are both empty. */
  readonly bootstrap: Members | null
  readonly snapshot: SnapshotMeta | null
  readonly random: Random
  /** Length of a tick in milliseconds. */
  readonly tickMs: number
}

/** Folds the journal back into a protocol, record by record, so that a long journal needs no memory of its own. */
export interface Recovery<Message, Admin> {
  record(sequence: Sequence, bytes: Uint8Array): void
  finish(): Protocol<Message, Admin>
}

/**
 * One member's protocol: a machine that takes inputs and hands out effects. It has no clock, no dice of its own, no
 * input or output and no promises; equal inputs give equal outputs.
 */
export interface Protocol<Message, Admin> {
  /** Runs to completion. Never throws for what the network brings; an `InvariantViolation` is never caught. */
  step(input: Input<Message, Admin>): void
  hasReady(): boolean
  /** The effects since the last call. May be taken again before earlier ones are persisted. */
  takeReady(): Ready<Message>
  /** Term and configuration as of `position`, not as of now; null when the protocol has installed beyond it. */
  snapshotMeta(position: Position): SnapshotMeta | null
  /** For status and people. */
  describe(): JsonValue
  /** How far the others are, as this member sees them while it leads, sorted by id; empty while it does not. */
  progress(): readonly PeerProgress[]
  /** Canonical: equal states give equal bytes. `ReadySeq` and `Sequence` are left out. */
  exportState(): Uint8Array
}

/** How far one peer is, as the leader sees it. */
export interface PeerProgress {
  readonly id: NodeId
  /** The leader finds out where they agree · entries leave as they come · a snapshot is on its way. */
  readonly phase: 'probe' | 'replicate' | 'snapshot'
  /** Entries that the leader has and the peer has not acknowledged. */
  readonly behind: number
  /** Messages with entries that were sent and not answered. */
  readonly inflight: number
}

/** Everything that can happen to a protocol. */
export type Input<Message, Admin> =
  /** Time passed: one tick, and `missed` more that a stall swallowed (decision D1). */
  | { readonly kind: 'tick'; readonly missed: number }
  | { readonly kind: 'receive'; readonly from: NodeId; readonly message: Message }
  /** `command` is immutable for ever. */
  | {
      readonly kind: 'propose'
      readonly token: Token
      readonly command: Uint8Array
      /**
       * The leadership that its stamps were made in. In any other the proposal is refused as `notLeader`: a stamp of an
       * earlier leadership must not come behind those of a later one (decision 0012). Absent: in any.
       */
      readonly epoch?: number
    }
  | { readonly kind: 'readBarrier'; readonly token: Token }
  | { readonly kind: 'admin'; readonly token: Token; readonly command: Admin }
  | {
      readonly kind: 'changeMembers'
      readonly token: Token
      readonly members: Members
      readonly ifVersion: Position | null
    }
  | { readonly kind: 'transfer'; readonly token: Token; readonly to: NodeId | null }
  | { readonly kind: 'bind'; readonly peer: NodeId; readonly incarnation: string; readonly address: string }
  /** Every record up to this one is durable. Only said after an append; recovered records count from the start. */
  | { readonly kind: 'persisted'; readonly sequence: Sequence }
  | { readonly kind: 'applied'; readonly position: Position }
  | { readonly kind: 'snapshotSaved'; readonly meta: SnapshotMeta }
  | { readonly kind: 'snapshotFetched'; readonly meta: SnapshotMeta }
  | { readonly kind: 'snapshotFailed'; readonly meta: SnapshotMeta }
  | { readonly kind: 'linkUp'; readonly peer: NodeId; readonly connection: number }
  /** `gone`: its machine answers that nobody listens there any more (decision D41). */
  | { readonly kind: 'linkDown'; readonly peer: NodeId; readonly gone: boolean }
  /** Our own queue to that peer was full: what was sent last on this channel did not leave. */
  | { readonly kind: 'dropped'; readonly peer: NodeId; readonly channel: 'control' | 'log' }

/** A message and the way it takes. A protocol that needs first-in-first-out uses one channel for all. */
export interface Outgoing<Message> {
  readonly to: NodeId
  readonly channel: 'control' | 'log'
  readonly message: Message
}

/** The effects of some steps. The order in which a driver carries them out is section 7 of the ports. */
export interface Ready<Message> {
  readonly seq: ReadySeq
  /** Lane one: leaves at once. Only what may leave before the sender's own disk has answered. */
  readonly messages: readonly Outgoing<Message>[]
  /** Sequence of the first record; the next sequence when there is none. */
  readonly firstSequence: Sequence
  /** To be made durable in order, all or nothing. */
  readonly records: readonly Uint8Array[]
  /** Lane two: leaves when the records of this **and every earlier** Ready are durable, also when it has none itself. */
  readonly messagesAfterPersist: readonly Outgoing<Message>[]
  /** What the journal may forget once this batch is durable. */
  readonly release: Release | null
  /** For the machine, in order. A null command takes a position and does nothing. */
  readonly committed: readonly Committed[]
  /** Answer each once its position is applied; with `validUntilTick`, only up to that tick. */
  readonly reads: readonly ReadAnswer[]
  readonly settled: readonly { readonly token: Token; readonly result: Settled }[]
  /** When it changed, and once after recovery. A hint. */
  readonly leadership: Leadership | null
  /** When the members to be reached changed: the union, while a change is under way. */
  readonly members: Members | null
  readonly fetchSnapshot: { readonly from: NodeId; readonly meta: SnapshotMeta } | null
  /** When these records are durable, the machine's state is replaced by this snapshot and `applied` reported. */
  readonly installSnapshot: SnapshotMeta | null
}

/** A command in its agreed place. The token is that of this member's own proposal, if it was one. */
export interface Committed {
  readonly position: Position
  /** The leadership in which it was brought into the log, as {@link Leadership.epoch} counts them. */
  readonly epoch: number
  readonly token: Token | null
  readonly command: Uint8Array | null
}

/** A read may be answered from the state at this position or later. */
export interface ReadAnswer {
  readonly token: Token
  readonly position: Position
  /** For leases: ticks fed so far, missed ones included. */
  readonly validUntilTick: number | null
}

/** Who leads as far as this member knows, and a label of that leadership: larger is later. */
export interface Leadership {
  readonly leader: NodeId | null
  readonly epoch: number
}

/** How something that carried a token ended, if not by being committed. */
export type Settled =
  | { readonly kind: 'done'; readonly position: Position | null }
  /** It did not happen. */
  | {
      readonly kind: 'refused'
      readonly reason: 'notLeader' | 'overloaded' | 'inProgress' | 'invalid' | 'tooLarge' | 'unsupported'
      readonly leader: NodeId | null
      readonly detail: string
    }
  /** Another entry is committed at its place: it did not happen. */
  | { readonly kind: 'overwritten' }
  /** Its place was skipped by a snapshot: it may have happened. */
  | { readonly kind: 'unknown' }
