import { batchHeaderBytes, batchMagic, decodeBatchHeader } from './batch.js'
import type { OpenedSegment } from './scan.js'

/** What lies behind the last whole batch of a segment. */
export interface Remainder {
  /** The newest mark in it: batches up to this one were durable when some batch here was written; 0 if there is none. */
  readonly syncedThrough: number
  /** What would be lost with it; null if it holds nothing but zeros. */
  readonly cut: { readonly batches: number; readonly records: number; readonly bytes: number } | null
}

/**
 * Looks through everything behind the last whole batch, because a later batch may still be readable, and its mark may
 * tell that what is damaged here was durable. A header is believed only where it was written: its checksum covers the
 * segment's random header and its own offset, so neither a record's content nor an older file can look like one.
 */
export async function inspectRemainder(segment: OpenedSegment, from: number): Promise<Remainder> {
  let [syncedThrough, batches, records] = [0, 0, 0]
  let [offset, end] = [from, from]
  let isHeadless = true
  while (offset < segment.window.size) {
    const bytes = await segment.window.read(offset, stretchBytes)
    const header = decodeBatchHeader(bytes, { segmentCrc: segment.crc, offset })
    if (header) {
      if (offset === from) isHeadless = false
      syncedThrough = Math.max(syncedThrough, header.syncedThrough)
      batches += 1
      records += header.count
    }
    const length = header ? batchHeaderBytes : lengthUntilMagic(bytes)
    const used = header ? length : usedLength(bytes.subarray(0, length))
    if (used > 0) end = offset + used
    offset += length
  }
  if (end === from) return { syncedThrough, cut: null }
  return { syncedThrough, cut: { batches: isHeadless ? batches + 1 : batches, records, bytes: end - from } }
}

const stretchBytes = 64 * 1024

/** How far the next place is where a header may begin: headers stand at multiples of eight. */
function lengthUntilMagic(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 8
  while (at + 4 <= bytes.length && view.getUint32(at, true) !== batchMagic) at += 8
  return Math.min(at, bytes.length)
}

/** Up to the last byte that is not zero. */
function usedLength(bytes: Uint8Array): number {
  let length = bytes.length
  while (length > 0 && bytes[length - 1] === 0) length -= 1
  return length
}
