import type { QuorateError, Release, ReplayReport } from '@quorate/contracts'

/** One file of the journal. */
export interface SegmentReport {
  readonly name: string
  readonly bytes: number
  /** Whole batches, seal not counted. */
  readonly batches: number
  readonly records: number
  readonly firstSequence: number
  /** A newer segment goes on from its end. */
  readonly isSealed: boolean
}

/** The snapshot that the last release relies on. */
export interface SnapshotReport {
  readonly position: number
  readonly epoch: number
  readonly members: readonly string[]
  readonly bytes: number
  readonly sha256: string
}

/** What is in a directory, and all that is wrong with it. Plain JSON. */
export interface PlaceReport {
  readonly directory: string
  /** Null: no file that says whose place this is could be read. */
  readonly placeId: string | null
  /** Length of the driver's identity; null: none was saved. */
  readonly identityBytes: number | null
  /** Its files are not those in which they were written: no member starts on it. */
  readonly isCopy: boolean
  /** Made by `quorate-storage backup`: no member starts on it. */
  readonly isBackup: boolean
  readonly segments: readonly SegmentReport[]
  /** What a replay would give, or has given until it met damage. */
  readonly replayed: {
    readonly first: number
    readonly last: number
    readonly records: number
    readonly bytes: number
  } | null
  readonly release: Release | null
  readonly snapshot: SnapshotReport | null
  /** The write that never ended, which the next open will cut (decision D4). */
  readonly unfinishedTail: ReplayReport['cut']
  /** Files that the next open will delete. */
  readonly unfinishedFiles: readonly string[]
  readonly reserveFiles: number
  /** Each a reason why `open` refuses. Empty: all checksums are right, and nothing is missing. */
  readonly problems: readonly { readonly code: QuorateError['code']; readonly message: string }[]
}
