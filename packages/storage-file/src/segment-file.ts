import type { OpenFile } from '@quorate/contracts'
import { corrupt } from './damage.js'
import { nameOf } from './names.js'
import { pathIn, type Place } from './place.js'
import type { Reserve } from './reserve.js'
import { decodeSegmentHeader, encodeSegmentHeader, segmentHeaderBytes, type SegmentHeader } from './segment-header.js'
import { encodeBatch } from './batch.js'
import type { Cursor, OpenedSegment } from './scan.js'
import { FileWindow } from './file-window.js'
import type { FileSettings } from './options.js'

/** No segment is longer, whatever batch it was made for: a hole in a file is no reason to read it for hours. */
const segmentFileBytesMax = 4 * 1024 * 1024 * 1024

/** A segment that batches are appended to. */
export interface ActiveSegment {
  readonly header: SegmentHeader
  readonly crc: number
  readonly file: OpenFile
}

/**
 * Makes a segment from a file in reserve. It gets its name when its header, and what `copy` writes behind it, are durable:
 * so a crash at any point leaves either no segment or a whole one.
 */
export async function createSegment(
  place: Place,
  reserve: Reserve,
  fields: Omit<SegmentHeader, 'placeId' | 'nonce'>,
  copy: (file: OpenFile, crc: number) => Promise<void> = () => Promise.resolve(),
): Promise<ActiveSegment> {
  const { files, directory, environment } = place.settings
  const header = { ...fields, placeId: place.id, nonce: environment.randomBytes(8) }
  const { bytes, crc } = encodeSegmentHeader(header)
  const reserved = pathIn(place, await reserve.take())
  const file = await files.open(reserved, 'readWrite')
  try {
    await file.write(0, [bytes])
    await copy(file, crc)
    await file.datasync()
    await files.rename(reserved, pathIn(place, nameOf('journal', header.ordinal)))
    await files.syncDirectory(directory)
    return { header, crc, file }
  } catch (error) {
    await file.close().catch(() => undefined)
    throw error
  }
}

/**
 * Ends a segment when a newer one is durable, and makes that durable. Should the newer one get lost, this one does not
 * pass for the end of the journal.
 */
export async function sealSegment(
  file: OpenFile,
  segmentCrc: number,
  end: Cursor,
  hasIdentity: boolean,
): Promise<void> {
  const { ordinal, sequence: firstSequence, offset, chain } = end
  const fields = { ordinal, firstSequence, syncedThrough: ordinal - 1, release: null, hasIdentity, isSeal: true }
  await file.write(offset, [encodeBatch(fields, [], chain, { segmentCrc, offset }).bytes])
  await file.datasync()
}

/** Opens a segment for reading, once its header was checked. */
export async function openSegment(settings: FileSettings, ordinal: number): Promise<OpenedSegment> {
  const path = pathIn({ settings }, nameOf('journal', ordinal))
  const file = await settings.files.open(path, 'read')
  try {
    const size = await file.size()
    if (size > segmentFileBytesMax) {
      throw corrupt({ file: path, offset: 0, expected: `at most ${segmentFileBytesMax} bytes`, found: `${size}` })
    }
    const window = new FileWindow(file, size)
    const read = decodeSegmentHeader(await window.read(0, segmentHeaderBytes), path, ordinal)
    return { path, window, ...read, close: () => file.close() }
  } catch (error) {
    await file.close().catch(() => undefined)
    throw error
  }
}

/** The header of a segment. */
export async function readSegmentHeader(settings: FileSettings, ordinal: number): Promise<SegmentHeader> {
  const segment = await openSegment(settings, ordinal)
  await segment.close()
  return segment.header
}
