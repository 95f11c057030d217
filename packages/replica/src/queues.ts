/** Calls under way, by kind. */
export interface Pending {
  /** Of this member's callers. */
  readonly commands: number
  readonly queries: number
  readonly transfers: number
  /** Requests of other members, which this one carries out. */
  readonly forwarded: number
}

/**
 * What waits inside of a member, and what it remembers for the sake of what is under way. Each is bounded, and zero soon
 * after nobody asks anything any more; one that grows without load is a mistake of ours, or a disk that does not keep up.
 */
export interface Queues {
  /** Inputs of the protocol: frames of peers, timers, proposals. */
  readonly inputs: number
  /** Effects of the protocol whose records are not durable. */
  readonly unwritten: number
  /** Committed entries that are not applied. */
  readonly unapplied: number
  /** Queries that may be answered from a position that is not applied. */
  readonly reads: number
  /** Attempts of requests that nobody has decided. */
  readonly attempts: number
  /** Sessions in which callers of this member wait for an answer. */
  readonly places: number
  /** Proposals that this member gave to its protocol as the leader, and those that were joined to them. */
  readonly proposed: number
  /** Commands of this member's own sessions whose answers are not acknowledged. */
  readonly slots: number
  /** Parts of images that peers wait for. */
  readonly imageParts: number
  /** Images that are open: read by peers, fetched, or held until they are installed. */
  readonly images: number
}

/** Gathers them from the parts of a driver. */
export function queuesOf(
  loop: { readonly waiting: number },
  writer: { readonly waiting: number },
  applier: { readonly waiting: number; readonly waitingReads: number },
  callers: { readonly queues: Pick<Queues, 'attempts' | 'places' | 'proposed' | 'slots'> },
  snapshots: { readonly queues: Pick<Queues, 'imageParts' | 'images'> },
): Queues {
  return {
    inputs: loop.waiting,
    unwritten: writer.waiting,
    unapplied: applier.waiting,
    reads: applier.waitingReads,
    ...callers.queues,
    ...snapshots.queues,
  }
}

/** How far the last snapshot of a member is behind its state. */
export interface SnapshotStatus {
  /** Of the last durable one, or 0. */
  readonly position: number
  /** Entries applied since, and bytes of their commands. */
  readonly entriesSince: number
  readonly bytesSince: number
  /** One is being written. */
  readonly isWriting: boolean
}
