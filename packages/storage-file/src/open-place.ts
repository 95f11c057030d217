import type { SnapshotMeta } from '@quorate/contracts'
import { failureOf } from './damage.js'
import { FailStop } from './fail-stop.js'
import { readIdentity } from './identity.js'
import { Journal } from './journal.js'
import { nameOf, ordinalsOf, unfinishedOf } from './names.js'
import type { FileSettings } from './options.js'
import { checkIsNew, checkOwner, identityIsMissing } from './ownership.js'
import { pathIn, placeIdBytes, type Place } from './place.js'
import { beginJournal, recoverJournal, surveyJournal, type RecoveredJournal } from './recover-journal.js'
import { Reserve } from './reserve.js'
import { readSegmentHeader } from './segment-file.js'
import { segmentHeaderBytes, type SegmentHeader } from './segment-header.js'
import { Snapshots } from './snapshots.js'

/** The parts of a storage in use. */
export interface OpenedPlace {
  readonly place: Place
  readonly identity: Uint8Array | null
  readonly journal: Journal
  readonly reserve: Reserve
  readonly snapshots: Snapshots
  readonly snapshot: SnapshotMeta | null
  readonly unlock: () => Promise<void>
}

/** What a directory holds. */
interface Contents {
  readonly identity: { readonly placeId: Uint8Array; readonly bytes: Uint8Array } | null
  readonly headers: readonly SegmentHeader[]
  readonly images: readonly number[]
  readonly reserved: readonly number[]
  readonly unfinished: readonly string[]
}

/**
 * Takes the directory, checks what it holds, and makes durable what it is about to report. If anything is wrong, all is
 * let go again, the lock too, and nothing that could still be of use was touched.
 */
export async function openPlace(settings: FileSettings): Promise<OpenedPlace> {
  const { files, directory } = settings
  try {
    await files.makeDirectory(directory)
    const unlock = await files.lock(directory)
    try {
      return { ...(await openLocked(settings)), unlock }
    } catch (error) {
      await unlock().catch(() => undefined)
      throw error
    }
  } catch (error) {
    throw failureOf(`opening ${directory}`, error)
  }
}

/** First everything is read and checked, then something is changed. */
async function openLocked(settings: FileSettings): Promise<Omit<OpenedPlace, 'unlock'>> {
  const contents = await readContents(settings)
  const { identity, headers, images } = contents
  const last = headers.at(-1)
  const id = identity?.placeId ?? last?.placeId ?? settings.environment.randomBytes(placeIdBytes)
  const place: Place = { settings, failStop: new FailStop(), id }
  checkOwner(place, headers)
  const survey = last ? await surveyJournal(settings, headers, last) : null
  if (!survey) checkIsNew(place, contents)
  else if (survey.hasIdentity && !identity) throw identityIsMissing(place)
  const { snapshots, meta } = await Snapshots.open(place, images, survey?.release ?? null)

  await deleteUnfinished(settings, contents)
  const reserve = new Reserve(place, await usableReserve(settings, contents.reserved))
  await reserve.measure()
  const recovered = survey ? await recoverJournal(place, reserve, survey) : await beginJournal(place, reserve)
  try {
    await deleteLeftovers(place, contents, recovered)
  } catch (error) {
    await recovered.active.file.close().catch(() => undefined)
    throw error
  }
  const journal = new Journal(place, reserve, recovered, ({ snapshot }) => snapshots.forgetBelow(snapshot))
  reserve.maybeRefill(true)
  return { place, identity: identity?.bytes ?? null, journal, reserve, snapshots, snapshot: meta }
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

async function deleteUnfinished(settings: FileSettings, { unfinished }: Contents): Promise<void> {
  for (const name of unfinished) await settings.files.unlink(pathIn({ settings }, name))
}

/** Deletes files in reserve that are of no use: too many, made for other options, or half a segment when power failed. */
async function usableReserve(settings: FileSettings, found: readonly number[]): Promise<number[]> {
  const usable: number[] = []
  for (const ordinal of found) {
    const path = pathIn({ settings }, nameOf('reserve', ordinal))
    if (usable.length < settings.reserveSegments && (await isReserve(settings, path))) usable.push(ordinal)
    else await settings.files.unlink(path)
  }
  return usable
}

async function isReserve({ files, segmentBytes }: FileSettings, path: string): Promise<boolean> {
  const file = await files.open(path, 'read')
  try {
    if ((await file.size()) !== segmentBytes) return false
    return (await file.read(0, segmentHeaderBytes)).every((byte) => byte === 0)
  } finally {
    await file.close()
  }
}

/** Deletes what only a crash can have left: segments that were replaced or released, and images that nothing relies on. */
async function deleteLeftovers(
  place: Place,
  { headers, images }: Contents,
  recovered: RecoveredJournal,
): Promise<void> {
  const { files, directory } = place.settings
  const kept = new Set(recovered.segments.map((header) => header.ordinal))
  for (const { ordinal } of headers) {
    if (!kept.has(ordinal)) await files.unlink(pathIn(place, nameOf('journal', ordinal)))
  }
  for (const image of images) {
    if (image !== recovered.release?.snapshot) await files.unlink(pathIn(place, nameOf('snapshot', image)))
  }
  await files.syncDirectory(directory)
}
