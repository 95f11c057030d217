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

function checkJoint({ path }: OpenedSegment, cursor: Cursor, next: SegmentHeader): void {
  if (cursor.sequence === next.firstSequence && cursor.chain === next.chain) return
  const expected = `segment ${next.ordinal} to follow with record ${cursor.sequence}`
  const found = `one that begins with record ${next.firstSequence} and follows other batches`
  throw corrupt({ file: path, offset: cursor.offset, expected, found })
}
