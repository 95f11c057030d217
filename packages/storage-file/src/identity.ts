import { ByteReader, BytesError, ByteWriter, equalBytes } from '@quorate/contracts'
import { crc32c } from './crc32c.js'
import { codeOf, corrupt, foreignVersion } from './damage.js'
import { markInText, markOf, textOfMark, type FileMark } from './file-mark.js'
import { identityName, unfinished } from './names.js'
import type { FileSettings } from './options.js'
import { pathIn, placeIdBytes, type Place } from './place.js'

export const identityVersion = 2

const magic = Uint8Array.from('QRID', (letter) => letter.charCodeAt(0))
/** Magic, version and place id. */
const headBytes = 4 + 4 + placeIdBytes
/** The shortest there is: that of version 1, with a length and a checksum behind the head. */
const bytesMin = headBytes + 4 + 4

/** No driver needs more; the length of a file that somebody else made must not ask for all memory. */
const identityBytesMax = 1024 * 1024

const flagClosed = 1
const flagBackup = 2

/** What an identity file says beside the driver's bytes. */
export interface IdentityNotes {
  /** Every record up to this one was durable when it was written. */
  readonly lastRecord: number
  /** Written by `close`: `lastRecord` was the last one. It holds until something is appended. */
  readonly isClosed: boolean
  /** This directory is a backup, and no member's. */
  readonly isBackup: boolean
}

/** The identity file: the driver's bytes, and whose place this is. */
export interface Identity extends IdentityNotes {
  readonly placeId: Uint8Array
  readonly bytes: Uint8Array
  /** The file that it was written in; null: tied to none, or not known. */
  readonly mark: FileMark | null
}

export function encodeIdentity({ placeId, bytes, mark, lastRecord, isClosed, isBackup }: Identity): Uint8Array {
  const flags = (isClosed ? flagClosed : 0) | (isBackup ? flagBackup : 0)
  const writer = new ByteWriter(128 + bytes.length).raw(magic).u32(identityVersion).raw(placeId)
  writer.u32(flags).u53(lastRecord).ascii(textOfMark(mark)).bytes(bytes)
  return writer.u32(crc32c(writer.finish())).finish()
}

/** Reads the identity file, or throws what is wrong with it; null in a place that has none. */
export async function readIdentity(settings: FileSettings): Promise<Identity | null> {
  const path = pathIn({ settings }, identityName)
  const file = await settings.files.open(path, 'read').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  })
  if (!file) return null
  try {
    const size = await file.size()
    if (size > identityBytesMax) {
      throw corrupt({ file: path, offset: 0, expected: `at most ${identityBytesMax} bytes`, found: `${size}` })
    }
    return decodeIdentity(await file.read(0, size), path)
  } finally {
    await file.close()
  }
}

function decodeIdentity(bytes: Uint8Array, file: string): Identity {
  const damaged = (offset: number, expected: string, found: string) => corrupt({ file, offset, expected, found })
  if (bytes.length < bytesMin) throw damaged(0, 'an identity', `${bytes.length} bytes`)
  if (!equalBytes(bytes.subarray(0, 4), magic)) throw damaged(0, 'an identity', 'something else')
  const version = new ByteReader(bytes, 4).u32()
  const end = bytes.length - 4
  const [crc, stored] = [crc32c(bytes, 0, end), storedCrcOf(bytes)]
  const isKnown = version === 1 || version === identityVersion
  if (crc === stored && isKnown) {
    try {
      return readNotes(bytes.subarray(0, end), version)
    } catch (error) {
      if (error instanceof BytesError) throw damaged(headBytes, 'what an identity says', error.message)
      throw error
    }
  }
  const isFlipped = [1, identityVersion].some((known) => crcAsVersion(bytes, known) === stored)
  if (!isKnown) throw foreignVersion({ file, what: 'identity', found: version, known: identityVersion, isFlipped })
  throw damaged(end, `checksum ${crc}`, `${stored}`)
}

/** The checksum was right: what does not fit now was written so. */
function readNotes(bytes: Uint8Array, version: number): Identity {
  const reader = new ByteReader(bytes, 8)
  const placeId = reader.raw(placeIdBytes).slice()
  if (version === 1) {
    const content = reader.bytes().slice()
    reader.end()
    return { placeId, bytes: content, mark: null, lastRecord: 0, isClosed: false, isBackup: false }
  }
  const flags = reader.u32()
  const lastRecord = reader.u53()
  const mark = markInText(reader.ascii())
  const content = reader.bytes().slice()
  reader.end()
  const [isClosed, isBackup] = [(flags & flagClosed) !== 0, (flags & flagBackup) !== 0]
  return { placeId, bytes: content, mark, lastRecord, isClosed, isBackup }
}

function storedCrcOf(bytes: Uint8Array): number {
  return new ByteReader(bytes, bytes.length - 4).u32()
}

/** The checksum that these bytes would have, were they of a version. */
function crcAsVersion(bytes: Uint8Array, version: number): number {
  const covered = bytes.slice(0, bytes.length - 4)
  new DataView(covered.buffer).setUint32(4, version, true)
  return crc32c(covered)
}

/**
 * Replaces the identity file: after a crash there is the old one or the new one, and nothing between. It names the file
 * that it stands in, so that a copy of it can be told: a rename keeps that file, and a copy does not.
 */
export async function writeIdentity(place: Place, bytes: Uint8Array, notes: IdentityNotes): Promise<void> {
  const { files, directory } = place.settings
  const path = pathIn(place, identityName)
  if (bytes.length > identityBytesMax - 1_024) throw new TypeError(`an identity of ${bytes.length} bytes is too long`)
  const file = await files.open(path + unfinished, 'create')
  try {
    const mark = await markOf(place.settings, path + unfinished)
    await file.write(0, [encodeIdentity({ placeId: place.id, bytes, mark, ...notes })])
    await file.datasync()
  } finally {
    await file.close()
  }
  await files.rename(path + unfinished, path)
  await files.syncDirectory(directory)
}
