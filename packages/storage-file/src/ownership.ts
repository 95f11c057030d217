import { equalBytes, QuorateError } from '@quorate/contracts'
import { corrupt } from './damage.js'
import { isMarked } from './file-mark.js'
import type { Identity } from './identity.js'
import { identityName, nameOf } from './names.js'
import type { FileSettings } from './options.js'
import { describePlaceId, pathIn, type Place } from './place.js'
import type { SegmentHeader } from './segment-header.js'

/** Throws unless all segments are of this place. */
export function checkOwner(place: Place, headers: readonly SegmentHeader[]): void {
  const stranger = headers.find(({ placeId }) => !equalBytes(placeId, place.id))
  if (!stranger) return
  const file = pathIn(place, nameOf('journal', stranger.ordinal))
  const found = `one of ${describePlaceId(stranger.placeId)}: it, or the identity, was brought from another directory`
  throw corrupt({ file, offset: 8, expected: `a segment of ${describePlaceId(place.id)}`, found })
}

/** A place is new, or it has a journal: throws if there is an identity or a snapshot beside none. */
export function checkIsNew(
  place: Place,
  { identity, images }: { identity: object | null; images: readonly number[] },
): void {
  if (!identity && images.length === 0) return
  const expected = `a journal beside ${identity ? 'the identity' : 'the snapshot'}`
  throw corrupt({ file: pathIn(place, nameOf('journal', 1)), offset: 0, expected, found: 'no journal at all' })
}

/** `STORAGE_CORRUPT`: the journal says that an identity had been saved. */
export function identityIsMissing(place: Place): QuorateError {
  const expected = 'the identity that the journal was written under'
  return corrupt({ file: pathIn(place, identityName), offset: 0, expected, found: 'no such file' })
}

/** Throws if the journal ends before what was durable in it when the identity was written. */
export function checkReaches(place: Place, identity: Pick<Identity, 'lastRecord'> | null, lastRecord: number): void {
  if (!identity || lastRecord >= identity.lastRecord) return
  const expected = `a journal with the records up to ${identity.lastRecord}, as there was when this was written`
  const found = `one that ends with record ${lastRecord}: it was cut, or put back from an older copy`
  throw corrupt({ file: pathIn(place, identityName), offset: 28, expected, found })
}

/** True if these files are not those in which they were written, so that the directory is a copy. */
export async function isCopy(settings: FileSettings, identity: Pick<Identity, 'mark'> | null): Promise<boolean> {
  if (settings.mayMove || !identity?.mark) return false
  const found = await settings.files.fileId?.(pathIn({ settings }, identityName))
  return found ? !isMarked(identity.mark, found) : false
}

const othersGoOn =
  'If that is lost, leave this member out: while a majority of the others is intact they go on without it, and otherwise ' +
  '`quorate-storage recover` begins another cluster with what is left'

/**
 * Throws `STALE_DIRECTORY` for a copy of a directory, and for a backup: the member may have acknowledged something after
 * it was taken, and would have forgotten it.
 *
 * @param isClosed nothing was appended since the directory was closed: then it may be a directory that was moved.
 */
export async function checkIsNoCopy(
  settings: FileSettings,
  identity: Identity | null,
  isClosed: boolean,
): Promise<void> {
  const { directory } = settings
  if (identity?.isBackup === true) {
    const message =
      `${directory} is a backup, and no member starts on one: what was acknowledged after it was taken is not in it. ` +
      `\`quorate-storage restore ${directory}\` begins another cluster with it`
    throw new QuorateError('STALE_DIRECTORY', message)
  }
  if (!(await isCopy(settings, identity))) return
  const message = isClosed
    ? `${directory} is a copy of a directory whose member had stopped: its files are not those in which it was written. If ` +
      `it was moved here and the member has not run since, say so: \`quorate-storage moved ${directory}\`. Otherwise start ` +
      `the member with the directory that it used last. ${othersGoOn}`
    : `${directory} is a copy that was taken while its member ran: its files are not those in which it was written, and what ` +
      `was acknowledged afterwards is not in it. Start the member with the directory that it used last. ${othersGoOn}`
  throw new QuorateError('STALE_DIRECTORY', message)
}
