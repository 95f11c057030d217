import type { Release, SnapshotMeta } from '@quorate/contracts'

/** A snapshot that was committed. */
export interface Image {
  readonly meta: SnapshotMeta
  readonly bytes: Uint8Array
}

/** What stays when the storage is closed. */
export interface Place {
  identity: Uint8Array | null
  /** Sequence of the first record that is kept. */
  firstSequence: number
  records: Uint8Array[]
  release: Release | null
  images: Image[]
}

/** Nothing yet. */
export function newPlace(): Place {
  return { identity: null, firstSequence: 1, records: [], release: null, images: [] }
}
