import type { Members } from './members.js'
import type { Position, Sequence } from './units.js'

/** What a snapshot stands for. */
export interface SnapshotMeta {
  /** The last position whose effect is in the image. */
  readonly position: Position
  /** The protocol's label of the leadership that decided that position. */
  readonly epoch: number
  readonly members: Members
  /** What the protocol needs beside: opaque here. */
  readonly protocol: Uint8Array
}

/** What a journal may forget: every record below `sequence`, once the snapshot at `snapshot` is durable (order 7.3). */
export interface Release {
  /** The first record to replay. */
  readonly sequence: Sequence
  readonly snapshot: Position
}

/** What a replay found. `cut` counts an unfinished tail that no mark covered and that was dropped (decision D4). */
export interface ReplayReport {
  readonly records: number
  readonly bytes: number
  readonly cut: { readonly batches: number; readonly records: number; readonly bytes: number } | null
}

/** An image being written. Invisible until `commit`. */
export interface SnapshotSink {
  write(chunk: Uint8Array): Promise<void>
  /** Durable on return. */
  commit(): Promise<void>
  abort(): Promise<void>
}

/** An image being read. It is not deleted under its reader. */
export interface SnapshotSource {
  readonly byteLength: number
  readonly digest: Uint8Array
  read(offset: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

/** A place for one member's journal, snapshots and identity. `survives` tells whether a crash of the machine is survived. */
export interface Storage {
  readonly survives: 'nothing' | 'machine'
  open(): Promise<OpenStorage>
}

/** Records to make durable together: all or nothing, in order. */
export interface Batch {
  readonly firstSequence: Sequence
  readonly records: readonly Uint8Array[]
  readonly release: Release | null
}

/**
 * A storage in use: a journal of opaque records, not a log. It keeps records it does not understand, in the order in
 * which they came, and forgets them only below the last durable release.
 *
 * A journal, identity, rename or directory error poisons it: every later call fails the same way (decision D5).
 */
export interface OpenStorage {
  /** The driver's own small file; null in a new place. */
  readonly identity: Uint8Array | null
  /** Durable on return, the old or the new one after a crash and nothing between. */
  saveIdentity(bytes: Uint8Array): Promise<void>
  /** Exactly the snapshot that the last durable release relies on. */
  readonly snapshot: SnapshotMeta | null
  /** Hands out every record from the last durable release on. Once, before the first append. */
  replay(onRecord: (sequence: Sequence, bytes: Uint8Array) => void): Promise<ReplayReport>
  /** Durable on return. Overlapping calls end in order. */
  append(batch: Batch): Promise<void>
  createSnapshot(meta: SnapshotMeta): Promise<SnapshotSink>
  openSnapshot(position: Position): Promise<SnapshotSource | null>
  /** How near the place is to being full (decision D14). */
  readonly pressure: 'none' | 'low' | 'full'
  /**
   * What has poisoned it; null or absent while it may be trusted. A storage that works while nobody calls it, writing files
   * ahead, may have failed without a call that could say so.
   */
  readonly failure?: Error | null
  /** Free bytes where snapshots go; absent if there is no such bound. */
  freeBytes?(): Promise<number>
  close(): Promise<void>
}
