import { ByteReader, ByteWriter, equalBytes } from '@quorate/contracts'
import { crc32c } from './crc32c.js'
import { codeOf, corrupt, foreignVersion } from './damage.js'
import { identityName, unfinished } from './names.js'
import type { FileSettings } from './options.js'
import { pathIn, placeIdBytes, type Place } from './place.js'

export const identityVersion = 1

const magic = Uint8Array.from('QRID', (letter) => letter.charCodeAt(0))
/** Magic, version, place id, length and checksum. */
const frameBytes = 4 + 4 + placeIdBytes + 4 + 4

/** The identity file: the driver's bytes, and whose place this is. */
export interface Identity {
  readonly placeId: Uint8Array
  readonly bytes: Uint8Array
}

export function encodeIdentity({ placeId, bytes }: Identity): Uint8Array {
  const writer = new ByteWriter(frameBytes + bytes.length).raw(magic).u32(identityVersion).raw(placeId).bytes(bytes)
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
    return decodeIdentity(await file.read(0, await file.size()), path)
  } finally {
    await file.close()
  }
}

function decodeIdentity(bytes: Uint8Array, file: string): Identity {
  const damaged = (offset: number, expected: string, found: string) => corrupt({ file, offset, expected, found })
  if (bytes.length < frameBytes) throw damaged(0, 'an identity', `${bytes.length} bytes`)
  if (!equalBytes(bytes.subarray(0, 4), magic)) throw damaged(0, 'an identity', 'something else')
  const end = bytes.length - 4
  const reader = new ByteReader(bytes, 4)
  const version = reader.u32()
  if (version > identityVersion) {
    const isFlipped = crcAsVersion(bytes, identityVersion) === storedCrcOf(bytes)
    throw foreignVersion({ file, what: 'identity', found: version, known: identityVersion, isFlipped })
  }
  const placeId = reader.raw(placeIdBytes).slice()
  const length = reader.u32()
  if (length !== end - 28) throw damaged(24, `a length of ${end - 28}`, `${length}`)
  const content = reader.raw(length).slice()
  const [crc, stored] = [crc32c(bytes, 0, end), storedCrcOf(bytes)]
  if (version !== identityVersion || crc !== stored) throw damaged(end, `checksum ${crc}`, `${stored}`)
  return { placeId, bytes: content }
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

/** Replaces the identity file: after a crash there is the old one or the new one, and nothing between. */
export async function writeIdentity(place: Place, bytes: Uint8Array): Promise<void> {
  const { files, directory } = place.settings
  const path = pathIn(place, identityName)
  const file = await files.open(path + unfinished, 'create')
  try {
    await file.write(0, [encodeIdentity({ placeId: place.id, bytes })])
    await file.datasync()
  } finally {
    await file.close()
  }
  await files.rename(path + unfinished, path)
  await files.syncDirectory(directory)
}
