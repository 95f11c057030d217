import type { SnapshotMeta } from '@quorate/contracts'
import { FailStop } from './fail-stop.js'
import { readIdentity, type Identity } from './identity.js'
import { ordinalsOf, unfinishedOf } from './names.js'
import type { FileSettings } from './options.js'
import { checkIsNew, checkOwner, checkReaches, identityIsMissing } from './ownership.js'
import { placeIdBytes, type Place } from './place.js'
import { surveyJournal, type JournalSurvey } from './recover-journal.js'
import { readSegmentHeader } from './segment-file.js'
import type { SegmentHeader } from './segment-header.js'
import { Snapshots } from './snapshots.js'

/** What a directory holds. */
export interface Contents {
  readonly identity: Identity | null
  readonly headers: readonly SegmentHeader[]
  readonly images: readonly number[]
  readonly reserved: readonly number[]
  readonly unfinished: readonly string[]
}

/** A directory that was read and found whole. */
export interface WholePlace {
  readonly place: Place
  readonly contents: Contents
  /** Null: nothing was ever written here. */
  readonly survey: JournalSurvey | null
  readonly snapshots: Snapshots
  /** The snapshot that the last release relies on. */
  readonly snapshot: SnapshotMeta | null
}

/**
 * Reads what a directory holds and changes nothing. Throws `STORAGE_CORRUPT` or `FORMAT_TOO_NEW` if something is damaged,
 * missing, of another place or of a later version; the records themselves are read when they are replayed.
 */
export async function readWholePlace(settings: FileSettings): Promise<WholePlace> {
  const contents = await readContents(settings)
  const { identity, headers, images } = contents
  const last = headers.at(-1)
  const id = identity?.placeId ?? last?.placeId ?? settings.environment.randomBytes(placeIdBytes)
  const place: Place = { settings, failStop: new FailStop(), id }
  checkOwner(place, headers)
  const survey = last ? await surveyJournal(settings, headers, last) : null
  if (!survey) checkIsNew(place, contents)
  else if (survey.hasIdentity && !identity) throw identityIsMissing(place)
  if (survey) checkReaches(place, identity, survey.end.sequence - 1)
  const { snapshots, meta } = await Snapshots.open(place, images, survey?.release ?? null)
  return { place, contents, survey, snapshots, snapshot: meta }
}

async function readContents(settings: FileSettings): Promise<Contents> {
  const names = await settings.files.list(settings.directory)
  const headers: SegmentHeader[] = []
  for (const ordinal of ordinalsOf('journal', names)) headers.push(await readSegmentHeader(settings, ordinal))
  return {
    identity: await readIdentity(settings),
    headers,
    images: ordinalsOf('snapshot', names),
    reserved: ordinalsOf('reserve', names),
    unfinished: unfinishedOf(names),
  }
}
