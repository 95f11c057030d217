import type { Random } from './random.js'
import type { ClusterTime, Position } from './units.js'

/** What a command may know beside its own bytes: all of it replicated, so that every member computes the same. */
export interface ApplyContext {
  readonly position: Position
  /** Never goes back, counts only while somebody leads: the clock for leases and expiry (decision D12). */
  readonly clusterTime: ClusterTime
  /** The leader's wall clock in milliseconds, never going back: for showing. */
  readonly wallMs: number
  /** Dice seeded from the position. */
  readonly random: Random
}

/** The deterministic thing that is replicated. One life of it; it starts in its initial state. */
export interface StateMachine {
  readonly name: string
  /** The newest version of the machine that this code knows. */
  readonly version: number
  /**
   * The version that it runs at (decision D26), part of the replicated state: 1 in a new life, then what {@link activate}
   * and {@link restore} say. Never above {@link version}.
   */
  readonly activeVersion: number
  /** Id of the codec of commands and results. */
  readonly codec: string
  /**
   * Synchronous and deterministic. Returns the encoded result. Throws `INVALID_COMMAND` before anything has changed if
   * these bytes are no command of the active version, whatever later ones this code knows: every member refuses it alike
   * (decision D26). Whatever else it throws stops the replica (decision D27).
   */
  apply(command: Uint8Array, context: ApplyContext): Uint8Array
  /** Changes nothing. May throw `INVALID_COMMAND`. */
  query(query: Uint8Array): Uint8Array
  /** Canonical bytes of the state at the call. */
  snapshot(): AsyncIterable<Uint8Array>
  /** True if nothing may be applied until {@link snapshot} has been read to its end (decision D29). */
  readonly snapshotHoldsApply: boolean
  /** Replaces the state by an image that was written while `version` was active; that is then the active version. */
  restore(image: AsyncIterable<Uint8Array>, version: number): Promise<void>
  /**
   * Brings the state from the active version up to this later one. Called in the order of the commands, on every member at
   * one position. Throwing stops the replica.
   */
  activate(version: number): void
  /** When something in the state expires, in cluster time. */
  nextDeadline(): ClusterTime | null
  /**
   * Drops what has expired by `context.clusterTime`. Called in the order of the commands, when a `clock` command is
   * applied: the leader proposes one when the deadline has come, so that leases end in an idle cluster too (decision D12).
   */
  expire(context: ApplyContext): void
  /** What a command is called, for messages. May be absent. */
  nameOf?(command: Uint8Array): string
  /**
   * Where this state differs first from the one in an image of the same version, and how to find the command that did it,
   * for messages: nothing depends on it. Null if nothing is seen to differ. May be absent.
   */
  describeDifference?(image: AsyncIterable<Uint8Array>): Promise<string | null>
}
