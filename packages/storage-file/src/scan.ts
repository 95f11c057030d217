import { batchHeaderBytes, decodeBatchHeader, decodeBody, type BatchHeader, type FoundRecord } from './batch.js'
import { corrupt } from './damage.js'
import type { FileWindow } from './file-window.js'
import { segmentHeaderBytes, type SegmentHeader } from './segment-header.js'

/** A segment that is being read. */
export interface OpenedSegment {
  readonly path: string
  readonly window: FileWindow
  readonly header: SegmentHeader
  /** Checksum of its header, from which those of its batches go on. */
  readonly crc: number
  close(): Promise<void>
}

/** Where a reader or writer of the journal stands: what the next batch has to be. */
export interface Cursor {
  readonly offset: number
  readonly ordinal: number
  readonly sequence: number
  readonly chain: number
}

/** A batch that was checked to its last byte. */
export interface FoundBatch {
  readonly header: BatchHeader
  readonly body: Uint8Array
  readonly records: readonly FoundRecord[]
  /** Behind it. */
  readonly next: Cursor
}

/** Why reading ended: at this place no whole batch begins. */
export interface Stop {
  readonly at: Cursor
  readonly found: string
}

/** Before the first batch of a segment. */
export function startOf({ header }: Pick<OpenedSegment, 'header'>): Cursor {
  const { firstBatch, firstSequence, chain } = header
  return { offset: segmentHeaderBytes, ordinal: firstBatch, sequence: firstSequence, chain }
}

/** Batch after batch, until one is not whole; then says why. Throws `STORAGE_CORRUPT` on a whole one out of order. */
export async function* readBatches(segment: OpenedSegment): AsyncGenerator<FoundBatch, Stop, undefined> {
  let at = startOf(segment)
  for (;;) {
    const found = await batchAt(segment, at)
    if (typeof found === 'string') return { at, found }
    yield found
    at = found.next
  }
}

/** Every batch below `until`, or `STORAGE_CORRUPT`. */
export async function* demandBatches(segment: OpenedSegment, until: number): AsyncGenerator<FoundBatch, void> {
  for (let at = startOf(segment); at.ordinal < until;) {
    const found = await batchAt(segment, at)
    if (typeof found === 'string') throw missing(segment, { at, found })
    yield found
    at = found.next
  }
}

/** `STORAGE_CORRUPT`: the batch that stood here was durable. */
export function missing({ path }: OpenedSegment, { at, found }: Stop): Error {
  const expected = `batch ${at.ordinal} from record ${at.sequence} on, which was durable`
  return corrupt({ file: path, offset: at.offset, expected, found })
}

async function batchAt(segment: OpenedSegment, at: Cursor): Promise<FoundBatch | string> {
  const standing = { segmentCrc: segment.crc, offset: at.offset }
  const bytes = await segment.window.read(at.offset, batchHeaderBytes)
  const header = decodeBatchHeader(bytes, standing)
  if (!header) return describeHead(bytes)
  if (header.ordinal !== at.ordinal || header.firstSequence !== at.sequence) {
    const expected = `batch ${at.ordinal} from record ${at.sequence} on`
    const found = `batch ${header.ordinal} from record ${header.firstSequence} on`
    throw corrupt({ file: segment.path, offset: at.offset, expected, found })
  }
  const body = await segment.window.read(at.offset + batchHeaderBytes, header.bodyBytes)
  const records = decodeBody(header, body, at.chain)
  if (typeof records === 'string') return records
  const next: Cursor = {
    offset: at.offset + batchHeaderBytes + header.bodyBytes,
    ordinal: at.ordinal + 1,
    sequence: at.sequence + header.count,
    chain: header.chain,
  }
  return { header, body, records, next }
}

function describeHead(bytes: Uint8Array): string {
  if (bytes.length < batchHeaderBytes) return 'the end of the file'
  return bytes.some((byte) => byte !== 0) ? 'no header of a batch, or one with a wrong checksum' : 'zeros'
}
