import type { Release, ReplayReport, Sequence } from '@quorate/contracts'
import type { FoundRecord } from './batch.js'
import { corrupt } from './damage.js'
import type { FileSettings } from './options.js'
import { demandBatches, startOf, type Cursor, type OpenedSegment } from './scan.js'
import { openSegment } from './segment-file.js'
import type { SegmentHeader } from './segment-header.js'

/**
 * The records of these segments up to `end`, batch by batch. Each segment has to lead exactly to the next one, and the
 * last one to `end`: anything else is `STORAGE_CORRUPT`.
 */
export async function* readJournal(
  settings: FileSettings,
  segments: readonly SegmentHeader[],
  end: Cursor,
): AsyncGenerator<readonly FoundRecord[], void> {
  for (const [at, { ordinal }] of segments.entries()) {
    const segment = await openSegment(settings, ordinal)
    try {
      const next = segments[at + 1]
      let cursor = startOf(segment)
      for await (const batch of demandBatches(segment, next?.firstBatch ?? end.ordinal)) {
        cursor = batch.next
        yield batch.records
      }
      if (next) checkJoint(segment, cursor, next)
    } finally {
      await segment.close()
    }
  }
}

/** Hands out every record from a release on, in bytes of its own, and counts what it handed out. */
export async function replayFrom(
  release: Release | null,
  batches: AsyncIterable<readonly FoundRecord[]>,
  onRecord: (sequence: Sequence, bytes: Uint8Array) => void,
): Promise<Omit<ReplayReport, 'cut'>> {
  const first = release?.sequence ?? 1
  let [records, bytes] = [0, 0]
  for await (const batch of batches) {
    for (const record of batch) {
      if (record.sequence < first) continue
      records += 1
      bytes += record.bytes.length
      onRecord(record.sequence, record.bytes.slice())
    }
  }
  return { records, bytes }
}

function checkJoint({ path }: OpenedSegment, cursor: Cursor, next: SegmentHeader): void {
  if (cursor.sequence === next.firstSequence && cursor.chain === next.chain) return
  const expected = `segment ${next.ordinal} to follow with record ${cursor.sequence}`
  const found = `one that begins with record ${next.firstSequence} and follows other batches`
  throw corrupt({ file: path, offset: cursor.offset, expected, found })
}
