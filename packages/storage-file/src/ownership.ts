import { equalBytes, type QuorateError } from '@quorate/contracts'
import { corrupt } from './damage.js'
import { identityName, nameOf } from './names.js'
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
