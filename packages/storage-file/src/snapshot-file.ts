import { ByteReader, BytesError, ByteWriter, equalBytes, position, readMembers, writeMembers } from '@quorate/contracts'
import type { OpenFile, SnapshotMeta } from '@quorate/contracts'
import { crc32c } from './crc32c.js'
import { corrupt, foreignVersion } from './damage.js'
import { describePlaceId, placeIdBytes } from './place.js'
import { getU53, setU53 } from './u53.js'

/** An image is cut into blocks of this size, each with a checksum of its own, so that any part of it can be checked. */
export const blockBytes = 64 * 1024
export const blockHeaderBytes = 8
export const snapshotVersion = 1

const magic = Uint8Array.from('QRSN', (letter) => letter.charCodeAt(0))
const endMagic = Uint8Array.from('QRSE', (letter) => letter.charCodeAt(0))
const fixedHeaderBytes = 16
const trailerBytes = 52
/** No members and protocol state need more; a damaged length must not ask for all memory. */
const headerBytesMax = 16 * 1024 * 1024

/** A snapshot file whose frame was checked: header and trailer, not yet the blocks between. */
export interface SnapshotFrame {
  readonly meta: SnapshotMeta
  readonly byteLength: number
  readonly digest: Uint8Array
  readonly headerBytes: number
  /** Checksum of the header, from which those of blocks and trailer go on. */
  readonly crc: number
}

/** The beginning of a snapshot file, and its checksum. */
export function encodeSnapshotHeader(placeId: Uint8Array, meta: SnapshotMeta): { bytes: Uint8Array; crc: number } {
  const writer = new ByteWriter(256, fixedHeaderBytes).raw(placeId).u53(meta.position).u53(meta.epoch)
  writeMembers(writer, meta.members)
  const bytes = writer.bytes(meta.protocol).finish().slice()
  if (bytes.length > headerBytesMax) {
    throw new TypeError(`members and protocol state of a snapshot take ${bytes.length} bytes, above ${headerBytesMax}`)
  }
  const view = new DataView(bytes.buffer)
  bytes.set(magic)
  view.setUint32(4, snapshotVersion, true)
  view.setUint32(8, bytes.length, true)
  const crc = crc32c(bytes, fixedHeaderBytes)
  view.setUint32(12, crc, true)
  return { bytes, crc }
}

/** One block, behind its length and checksum. */
export function encodeBlock(content: Uint8Array, index: number, headerCrc: number): Uint8Array {
  const bytes = new Uint8Array(blockHeaderBytes + content.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, content.length, true)
  view.setUint32(4, blockCrc(content, index, headerCrc), true)
  bytes.set(content, blockHeaderBytes)
  return bytes
}

/** The end of a snapshot file. */
export function encodeTrailer(byteLength: number, digest: Uint8Array, headerCrc: number): Uint8Array {
  const bytes = new Uint8Array(trailerBytes)
  const view = new DataView(bytes.buffer)
  bytes.set(endMagic)
  setU53(view, 4, byteLength)
  view.setUint32(12, blockCountOf(byteLength), true)
  bytes.set(digest, 16)
  view.setUint32(48, crc32c(bytes, 0, 48, headerCrc), true)
  return bytes
}

export function blockCountOf(byteLength: number): number {
  return Math.ceil(byteLength / blockBytes)
}

function blockCrc(content: Uint8Array, index: number, headerCrc: number): number {
  const prefix = new Uint8Array(8)
  setU53(new DataView(prefix.buffer), 0, index)
  return crc32c(content, 0, content.length, crc32c(prefix, 0, 8, headerCrc))
}

/** Reads header and trailer, or throws what is wrong with them. */
export async function readFrame(file: OpenFile, path: string, placeId: Uint8Array): Promise<SnapshotFrame> {
  const size = await file.size()
  const { bytes, crc } = await readHeader(file, path, size)
  const meta = decodeMeta(bytes, path, placeId)
  const at = size - trailerBytes
  const trailer = await file.read(Math.max(at, 0), trailerBytes)
  const damaged = (found: string) => corrupt({ file: path, offset: Math.max(at, 0), expected: 'its end', found })
  if (at < bytes.length || trailer.length < trailerBytes) throw damaged('too few bytes')
  const view = new DataView(trailer.buffer, trailer.byteOffset, trailerBytes)
  if (!equalBytes(trailer.subarray(0, 4), endMagic)) throw damaged('something else')
  if (view.getUint32(48, true) !== crc32c(trailer, 0, 48, crc)) throw damaged('a wrong checksum')
  const byteLength = getU53(view, 4)
  if (bytes.length + byteLength + blockCountOf(byteLength) * blockHeaderBytes !== at) throw damaged('another length')
  return { meta, byteLength, digest: trailer.slice(16, 48), headerBytes: bytes.length, crc }
}

async function readHeader(file: OpenFile, path: string, size: number): Promise<{ bytes: Uint8Array; crc: number }> {
  const damaged = (found: string) => corrupt({ file: path, offset: 0, expected: 'the header of a snapshot', found })
  const start = await file.read(0, fixedHeaderBytes)
  if (start.length < fixedHeaderBytes) throw damaged(`${start.length} bytes`)
  if (!equalBytes(start.subarray(0, 4), magic)) throw damaged('something else')
  const view = new DataView(start.buffer, start.byteOffset, fixedHeaderBytes)
  const version = view.getUint32(4, true)
  const length = view.getUint32(8, true)
  const isPossible = length >= fixedHeaderBytes && length <= Math.min(size, headerBytesMax)
  const bytes = isPossible ? await file.read(0, length) : start
  const crc = crc32c(bytes, fixedHeaderBytes)
  const isWhole = isPossible && crc === view.getUint32(12, true)
  if (version > snapshotVersion) {
    throw foreignVersion({ file: path, what: 'snapshot', found: version, known: snapshotVersion, isFlipped: isWhole })
  }
  if (!isPossible) throw damaged(`a length of ${length}`)
  if (version !== snapshotVersion || !isWhole) throw damaged('a wrong checksum')
  return { bytes, crc }
}

function decodeMeta(bytes: Uint8Array, path: string, placeId: Uint8Array): SnapshotMeta {
  try {
    const reader = new ByteReader(bytes, fixedHeaderBytes)
    const owner = reader.raw(placeIdBytes)
    if (!equalBytes(owner, placeId)) {
      const [expected, found] = [describePlaceId(placeId), describePlaceId(owner)]
      throw corrupt({ file: path, offset: fixedHeaderBytes, expected: `a snapshot of ${expected}`, found })
    }
    const [at, epoch] = [position(reader.u53()), reader.u53()]
    const members = readMembers(reader)
    const protocol = reader.bytes().slice()
    reader.end()
    return { position: at, epoch, members, protocol }
  } catch (error) {
    if (!(error instanceof BytesError)) throw error
    const expected = 'position, epoch, members and protocol state'
    throw corrupt({ file: path, offset: fixedHeaderBytes, expected, found: error.message }, error)
  }
}

/** The content of one block, checked. */
export async function readBlock(
  file: OpenFile,
  path: string,
  { headerBytes, byteLength, crc }: SnapshotFrame,
  index: number,
): Promise<Uint8Array> {
  const offset = headerBytes + index * (blockHeaderBytes + blockBytes)
  const length = Math.min(blockBytes, byteLength - index * blockBytes)
  const bytes = await file.read(offset, blockHeaderBytes + length)
  const damaged = (found: string) =>
    corrupt({ file: path, offset, expected: `block ${index} of ${length} bytes`, found })
  if (bytes.length < blockHeaderBytes + length) throw damaged(`${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, blockHeaderBytes)
  if (view.getUint32(0, true) !== length) throw damaged(`a length of ${view.getUint32(0, true)}`)
  const content = bytes.subarray(blockHeaderBytes)
  if (view.getUint32(4, true) !== blockCrc(content, index, crc)) throw damaged('a wrong checksum')
  return content
}
