import { sequence, type Release, type Sequence } from '@quorate/contracts'
import { crc32c } from './crc32c.js'
import { releaseOf } from './segment-header.js'
import { getU53, setU53 } from './u53.js'

export const batchHeaderBytes = 72
export const recordHeaderBytes = 16

/** The first four bytes of a batch: `QRBT`, as a little-endian number. */
export const batchMagic = 0x5442_5251

/** Where the chain begins, before the first batch of a place. */
export const chainStart = 0

/** How much of the header the chain covers: what stays the same when a batch is copied to another place in a file. */
const chainedBytes = 56
const [offsetAt, chainAt, crcAt] = [56, 64, 68]
const [identityFlag, sealFlag] = [1, 2]

/** What is written together, durable together, and believed as a whole or not at all. */
export interface BatchHeader {
  /** Ordinal among all batches of the place; the first is 1. */
  readonly ordinal: number
  readonly firstSequence: number
  readonly count: number
  /** Bytes behind the header, padding included. */
  readonly bodyBytes: number
  /** The last batch that was known to be durable before this one was written (decision D4). */
  readonly syncedThrough: number
  readonly release: Release | null
  /** An identity had been saved. */
  readonly hasIdentity: boolean
  /** Not a batch, but the word that a newer segment has the batches from this ordinal on: its loss would be silent. */
  readonly isSeal: boolean
  /** CRC-32C over the header's unchanging part and the records' headers, continued from the batch before. */
  readonly chain: number
}

/** Where a batch stands, which its header's checksum covers. */
export interface Standing {
  /** Checksum of the segment's header, from which the batch header's goes on. */
  readonly segmentCrc: number
  readonly offset: number
}

/** Bytes that these records take as a batch: its header, theirs, and padding to a multiple of eight. */
export function batchBytesOf(records: readonly Uint8Array[]): number {
  let bytes = batchHeaderBytes + records.length * recordHeaderBytes
  for (const record of records) bytes += record.length
  return Math.ceil(bytes / 8) * 8
}

/** One buffer with the whole batch, and its chain value. */
export function encodeBatch(
  fields: Omit<BatchHeader, 'count' | 'bodyBytes' | 'chain'>,
  records: readonly Uint8Array[],
  previousChain: number,
  standing: Standing,
): { bytes: Uint8Array; chain: number } {
  const bytes = new Uint8Array(batchBytesOf(records))
  const view = new DataView(bytes.buffer)
  const header = { ...fields, count: records.length, bodyBytes: bytes.length - batchHeaderBytes }
  setUnchangingPart(view, header)
  let chain = crc32c(bytes, 0, chainedBytes, previousChain)
  let at = batchHeaderBytes
  records.forEach((record, index) => {
    setU53(view, at, fields.firstSequence + index)
    view.setUint32(at + 8, record.length, true)
    view.setUint32(at + 12, crc32c(record, 0, record.length, crc32c(bytes, at, at + 12)), true)
    chain = crc32c(bytes, at, at + recordHeaderBytes, chain)
    bytes.set(record, at + recordHeaderBytes)
    at += recordHeaderBytes + record.length
  })
  setStanding(bytes, view, chain, standing)
  return { bytes, chain }
}

/** The header of a batch that is copied to another standing; its body and its chain value stay as they are. */
export function encodeBatchHeader(header: BatchHeader, standing: Standing): Uint8Array {
  const bytes = new Uint8Array(batchHeaderBytes)
  const view = new DataView(bytes.buffer)
  setUnchangingPart(view, header)
  setStanding(bytes, view, header.chain, standing)
  return bytes
}

function setUnchangingPart(view: DataView, header: Omit<BatchHeader, 'chain'>): void {
  view.setUint32(0, batchMagic, true)
  view.setUint32(4, header.bodyBytes, true)
  view.setUint32(8, header.count, true)
  view.setUint32(12, (header.hasIdentity ? identityFlag : 0) | (header.isSeal ? sealFlag : 0), true)
  setU53(view, 16, header.ordinal)
  setU53(view, 24, header.firstSequence)
  setU53(view, 32, header.syncedThrough)
  setU53(view, 40, header.release?.sequence ?? 0)
  setU53(view, 48, header.release?.snapshot ?? 0)
}

function setStanding(bytes: Uint8Array, view: DataView, chain: number, { segmentCrc, offset }: Standing): void {
  setU53(view, offsetAt, offset)
  view.setUint32(chainAt, chain, true)
  view.setUint32(crcAt, crc32c(bytes, 0, crcAt, segmentCrc), true)
}

/** Reads a header, or tells that these bytes were not written as one at this standing: null. */
export function decodeBatchHeader(bytes: Uint8Array, { segmentCrc, offset }: Standing): BatchHeader | null {
  if (bytes.length < batchHeaderBytes) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, batchHeaderBytes)
  if (view.getUint32(0, true) !== batchMagic) return null
  if (view.getUint32(crcAt, true) !== crc32c(bytes, 0, crcAt, segmentCrc)) return null
  if (getU53(view, offsetAt) !== offset) return null
  return {
    bodyBytes: view.getUint32(4, true),
    count: view.getUint32(8, true),
    hasIdentity: (view.getUint32(12, true) & identityFlag) !== 0,
    isSeal: (view.getUint32(12, true) & sealFlag) !== 0,
    ordinal: getU53(view, 16),
    firstSequence: getU53(view, 24),
    syncedThrough: getU53(view, 32),
    release: releaseOf(getU53(view, 40), getU53(view, 48)),
    chain: view.getUint32(chainAt, true),
  }
}

/** A record as it was read. */
export interface FoundRecord {
  readonly sequence: Sequence
  readonly bytes: Uint8Array
}

/**
 * The records of a batch whose header was believed, or a sentence that says what is wrong with its body. Every length
 * is checked against what is there.
 */
export function decodeBody(header: BatchHeader, body: Uint8Array, previousChain: number): FoundRecord[] | string {
  if (body.length < header.bodyBytes) return `${body.length} of its ${header.bodyBytes} bytes`
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const records: FoundRecord[] = []
  let chain = crc32c(encodeBatchHeader(header, { segmentCrc: 0, offset: 0 }), 0, chainedBytes, previousChain)
  let at = 0
  for (let index = 0; index < header.count; index += 1) {
    const start = at + recordHeaderBytes
    if (start > body.length) return `${index} of its ${header.count} records`
    const end = start + view.getUint32(at + 8, true)
    if (end > body.length) return 'a record that ends behind its batch'
    const crc = crc32c(body, start, end, crc32c(body, at, at + 12))
    if (getU53(view, at) !== header.firstSequence + index || view.getUint32(at + 12, true) !== crc) {
      return `record ${header.firstSequence + index} with a wrong checksum`
    }
    chain = crc32c(body, at, start, chain)
    records.push({ sequence: sequence(header.firstSequence + index), bytes: body.subarray(start, end) })
    at = end
  }
  if (body.length - at > 7 || body.subarray(at).some((byte) => byte !== 0)) return 'other bytes than padding at its end'
  return chain === header.chain ? records : 'a batch that does not follow the one before'
}
