import { equalBytes, position, sequence, type Release } from '@quorate/contracts'
import { crc32c } from './crc32c.js'
import { corrupt, foreignVersion } from './damage.js'
import { placeIdBytes } from './place.js'
import { getU53, setU53 } from './u53.js'

export const segmentHeaderBytes = 128
export const segmentVersion = 1

const magic = Uint8Array.from('QRSG', (letter) => letter.charCodeAt(0))
const crcAt = segmentHeaderBytes - 4

/**
 * The first bytes of a journal segment. A segment bears its name only when its header, and the batches copied into it
 * at open, are durable; so whatever the header says is said for good.
 */
export interface SegmentHeader {
  readonly placeId: Uint8Array
  /** The number in the file's name. */
  readonly ordinal: number
  /** The segment whose batches come before these; 0 for the first. Ordinals may be missing, this chain may not. */
  readonly previous: number
  /** Ordinal of its first batch. Batches of the previous segment from this one on are void: these take their place. */
  readonly firstBatch: number
  /** Sequence of the first record from that batch on. */
  readonly firstSequence: number
  /** The last batch that was durable when the segment got its name (decision D4). */
  readonly syncedThrough: number
  /** The last release that was durable then. */
  readonly release: Release | null
  /** Chain value of the batch before `firstBatch`. */
  readonly chain: number
  /** An identity had been saved. */
  readonly hasIdentity: boolean
  /** Eight random bytes: no batch of another segment can pass for one of this, not even of one with the same ordinal. */
  readonly nonce: Uint8Array
}

/** A header as bytes, and its checksum, with which the checksums of its batches begin. */
export function encodeSegmentHeader(header: SegmentHeader): { bytes: Uint8Array; crc: number } {
  const bytes = new Uint8Array(segmentHeaderBytes)
  const view = new DataView(bytes.buffer)
  bytes.set(magic)
  view.setUint32(4, segmentVersion, true)
  bytes.set(header.placeId, 8)
  setU53(view, 24, header.ordinal)
  setU53(view, 32, header.previous)
  setU53(view, 40, header.firstBatch)
  setU53(view, 48, header.firstSequence)
  setU53(view, 56, header.syncedThrough)
  setU53(view, 64, header.release?.sequence ?? 0)
  setU53(view, 72, header.release?.snapshot ?? 0)
  view.setUint32(80, header.chain, true)
  view.setUint32(84, header.hasIdentity ? 1 : 0, true)
  bytes.set(header.nonce, 88)
  const crc = crc32c(bytes, 0, crcAt)
  view.setUint32(crcAt, crc, true)
  return { bytes, crc }
}

/** Reads the header of the file that bears `ordinal` in its name, or throws what is wrong with it. */
export function decodeSegmentHeader(
  bytes: Uint8Array,
  file: string,
  ordinal: number,
): { header: SegmentHeader; crc: number } {
  if (bytes.length < segmentHeaderBytes) {
    const expected = `a header of ${segmentHeaderBytes} bytes`
    throw corrupt({ file, offset: 0, expected, found: `the end of the file after ${bytes.length}` })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, segmentHeaderBytes)
  if (!equalBytes(bytes.subarray(0, 4), magic)) {
    throw corrupt({ file, offset: 0, expected: 'the header of a journal segment', found: 'something else' })
  }
  const version = view.getUint32(4, true)
  const stored = view.getUint32(crcAt, true)
  if (version > segmentVersion) {
    const isFlipped = crcAsVersion(bytes, segmentVersion) === stored
    throw foreignVersion({ file, what: 'journal segment', found: version, known: segmentVersion, isFlipped })
  }
  const crc = crc32c(bytes, 0, crcAt)
  if (crc !== stored) {
    throw corrupt({ file, offset: crcAt, expected: `checksum ${crc} of its header`, found: `${stored}` })
  }
  const header = fieldsOf(bytes, view)
  if (header.ordinal !== ordinal) {
    const found = `segment ${header.ordinal}, copied or renamed`
    throw corrupt({ file, offset: 24, expected: `segment ${ordinal}, as it is named`, found })
  }
  return { header, crc }
}

/** The checksum that this header would have, were it of a version. */
function crcAsVersion(bytes: Uint8Array, version: number): number {
  const header = bytes.slice(0, crcAt)
  new DataView(header.buffer).setUint32(4, version, true)
  return crc32c(header)
}

function fieldsOf(bytes: Uint8Array, view: DataView): SegmentHeader {
  return {
    placeId: bytes.slice(8, 8 + placeIdBytes),
    ordinal: getU53(view, 24),
    previous: getU53(view, 32),
    firstBatch: getU53(view, 40),
    firstSequence: getU53(view, 48),
    syncedThrough: getU53(view, 56),
    release: releaseOf(getU53(view, 64), getU53(view, 72)),
    chain: view.getUint32(80, true),
    hasIdentity: view.getUint32(84, true) === 1,
    nonce: bytes.slice(88, 96),
  }
}

/** A release as two numbers; none is two zeros. */
export function releaseOf(released: number, snapshot: number): Release | null {
  return released === 0 ? null : { sequence: sequence(released), snapshot: position(snapshot) }
}
