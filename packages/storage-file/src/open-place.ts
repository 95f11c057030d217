import type { SnapshotMeta } from '@quorate/contracts'
import { failureOf } from './damage.js'
import { Journal } from './journal.js'
import { nameOf } from './names.js'
import type { FileSettings } from './options.js'
import { pathIn, type Place } from './place.js'
import { beginJournal, recoverJournal, type JournalSurvey, type RecoveredJournal } from './recover-journal.js'
import { checkIsNoCopy } from './ownership.js'
import { Reserve } from './reserve.js'
import type { Snapshots } from './snapshots.js'
import { readWholePlace, type Contents } from './whole-place.js'

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
  const { place, contents, survey, snapshots, snapshot } = await readWholePlace(settings)
  const { identity } = contents
  await checkIsNoCopy(
    settings,
    identity,
    identity?.isClosed === true && survey?.end.sequence === identity.lastRecord + 1,
  )
  await deleteUnfinished(settings, contents)
  const reserve = new Reserve(place, await usableReserve(settings, contents.reserved))
  await reserve.measure()
  const recovered = survey
    ? await recoverJournal(place, reserve, await withIdentity(settings, survey, contents))
    : await beginJournal(place, reserve)
  try {
    await deleteLeftovers(place, contents, recovered)
  } catch (error) {
    await recovered.active.file.close().catch(() => undefined)
    throw error
  }
  const journal = new Journal(place, reserve, recovered, ({ snapshot }) => snapshots.forgetBelow(snapshot))
  reserve.maybeRefill(true)
  return { place, identity: identity?.bytes ?? null, journal, reserve, snapshots, snapshot }
}

/**
 * The journal is to say that there is an identity, also if none of its batches came after that. Its name is made durable
 * first: a journal that tells of an identity which power took away would be refused.
 */
async function withIdentity(
  { files, directory }: FileSettings,
  survey: JournalSurvey,
  { identity }: Contents,
): Promise<JournalSurvey> {
  if (survey.hasIdentity || !identity) return survey
  await files.syncDirectory(directory)
  return { ...survey, hasIdentity: true }
}

async function deleteUnfinished(settings: FileSettings, { unfinished }: Contents): Promise<void> {
  for (const name of unfinished) await settings.files.unlink(pathIn({ settings }, name))
}

/** Deletes files in reserve that are of no use: too many, made for other options, unreadable, or half a segment. */
async function usableReserve(settings: FileSettings, found: readonly number[]): Promise<number[]> {
  const usable: number[] = []
  for (const ordinal of found) {
    const path = pathIn({ settings }, nameOf('reserve', ordinal))
    const isWanted = usable.length < settings.reserveSegments
    if (isWanted && (await isReserve(settings, path).catch(() => false))) usable.push(ordinal)
    else await settings.files.unlink(path)
  }
  return usable
}

/** Zeros to its end: power may have failed while batches were copied behind a header that never came. */
async function isReserve({ files, segmentBytes }: FileSettings, path: string): Promise<boolean> {
  const file = await files.open(path, 'read')
  try {
    if ((await file.size()) !== segmentBytes) return false
    for (let offset = 0; offset < segmentBytes; offset += pieceBytes) {
      if (!isZero(await file.read(offset, Math.min(pieceBytes, segmentBytes - offset)))) return false
    }
    return true
  } finally {
    await file.close()
  }
}

const pieceBytes = 256 * 1024

function isZero(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  while (at + 4 <= bytes.length && view.getUint32(at) === 0) at += 4
  return bytes.subarray(at).every((byte) => byte === 0)
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
