import type { Environment } from './environment.js'
import type { Members } from './members.js'
import type { OpenStorage, SnapshotMeta, Storage } from './storage.js'
import type { NodeId, Position, Sequence } from './units.js'

/**
 * What is left of one member, read and not changed. Recovery begins with it when a majority of a cluster is lost for good
 * and nothing can be decided any more.
 */
export type Remains = Pick<OpenStorage, 'identity' | 'snapshot' | 'replay' | 'openSnapshot'>

/** Positions in a row that were proposed in one epoch. */
export interface EpochSpan {
  readonly epoch: number
  readonly first: Position
  readonly last: Position
  /** Of the commands, as they were replicated. */
  readonly bytes: number
}

/** How a cluster begins that goes on with what one member of another had: the same for each of its members. */
export interface ForcedBeginning {
  /** The member's own, with the new members. What it stands for was committed. */
  readonly snapshot: SnapshotMeta | null
  /**
   * What the journal holds behind the snapshot. Some of it, or all, was committed; nothing here can tell, and the new
   * cluster commits all of it.
   */
  readonly undecided: readonly EpochSpan[]
  /** Where it ends. Of two members of one cluster the one of the later epoch is ahead, and of equal epochs the longer one. */
  readonly epoch: number
  readonly last: Position
  /** The first records of every member, in order; on the snapshot, if there is one. */
  records(): Iterable<Uint8Array>
}

/** Folds a journal into the beginning of another cluster, as a recovery folds it into a member. */
export interface ForcedRecovery {
  record(sequence: Sequence, bytes: Uint8Array): void
  finish(): ForcedBeginning
}

/**
 * A protocol's part in forcing a configuration: takes what one member has left, and puts `members` in the place of those
 * who decided so far. Safe only if no member of the old cluster ever meets one of the new: the new one has an id of its own.
 *
 * Throws `STORAGE_CORRUPT` and `FORMAT_TOO_NEW` as a recovery does.
 */
export type ForceMembers = (start: {
  readonly snapshot: SnapshotMeta | null
  readonly members: Members
}) => ForcedRecovery

/** The cluster that is to go on. */
export interface ClusterWish {
  /** Its name. With the ids of its members it must not make the id of the cluster that was lost. */
  readonly cluster: string
  /** Its members, each without an incarnation. */
  readonly members: Members
  readonly forceMembers: ForceMembers
  readonly environment: Environment
}

/** One member of the cluster that was lost. */
export interface Survivor {
  readonly id: NodeId
  readonly clusterId: string
  /** Whom it was with, as of its snapshot or from the beginning. */
  readonly members: readonly NodeId[]
  readonly epoch: number
  readonly last: Position
}

/** What is to be done, before anything is. */
export interface ClusterPlan {
  /** In the order in which their remains were given. */
  readonly survivors: readonly Survivor[]
  /** The survivor that is ahead of all others: its log is what the new cluster begins with. */
  readonly source: Survivor
  readonly clusterId: string
  /** With the incarnations that they will have. */
  readonly members: Members
  readonly beginning: ForcedBeginning
  /** Writes one member's beginning into a new storage. The identity goes last: without it there is no member yet. */
  seed(member: NodeId, storage: Storage): Promise<void>
}

/**
 * A driver's part in it: looks at all that is left of a cluster, takes the member that is ahead, and plans the cluster
 * that goes on from there. Throws `WRONG_CLUSTER` for remains of different clusters, `INVALID_OPTIONS` for a wish that
 * cannot be, `STORAGE_CORRUPT` and `FORMAT_TOO_NEW`.
 */
export type PlanCluster = (remains: readonly Remains[], wish: ClusterWish) => Promise<ClusterPlan>
