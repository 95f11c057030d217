import { FailStop } from './fail-stop.js'
import { readIdentity } from './identity.js'
import { nameOf, ordinalsOf, unfinishedOf } from './names.js'
import type { FileSettings } from './options.js'
import { checkOwner } from './ownership.js'
import { pathIn, type Place } from './place.js'
import { neededSegments, recoverJournal, type JournalSurvey } from './recover-journal.js'
import { readJournal } from './replay.js'
import { Reserve } from './reserve.js'
import { readBatches, startOf, type OpenedSegment } from './scan.js'
import { openSegment, readSegmentHeader } from './segment-file.js'
import type { SegmentHeader } from './segment-header.js'
import { Snapshots } from './snapshots.js'

/** How a damaged journal can be made to open again: everything behind its last whole stretch is given up. */
export interface RepairPlan {
  /** The last record that stays; 0: none. */
  readonly lastRecord: number
  /** Where the journal will end. */
  readonly file: string
  readonly offset: number
  /** What stands there instead of a batch. */
  readonly found: string
  /** Segments that are given up whole. */
  readonly lostSegments: readonly string[]
  /** The last record that some header still tells of; null if nothing says how many are lost. */
  readonly lostUpTo: number | null
  readonly survey: JournalSurvey
  readonly place: Place
}

/**
 * Looks for the longest journal that is whole: that begins with the record which its own last release names, stands on
 * that release's snapshot, and leads to its end without a hole. Null if there is none, and then nothing can be repaired:
 * an identity and a snapshot are not made up. Changes nothing.
 */
export async function planRepair(settings: FileSettings): Promise<RepairPlan | null> {
  const names = await settings.files.list(settings.directory)
  const headers = await readableHeaders(settings, ordinalsOf('journal', names))
  const identity = await readIdentity(settings).catch(() => null)
  const images = ordinalsOf('snapshot', names)
  for (const [at, last] of [...headers.entries()].reverse()) {
    const place: Place = { settings, failStop: new FailStop(), id: identity?.placeId ?? last.placeId }
    const reached = await surveyUpTo(place, headers.slice(0, at + 1), last, images).catch(() => null)
    if (!reached || (reached.survey.hasIdentity && !identity)) continue
    const { survey, found } = reached
    const lost = ordinalsOf('journal', names).filter((ordinal) => ordinal > last.ordinal)
    const told = headers.slice(at + 1).map(({ firstSequence }) => firstSequence - 1)
    return {
      lastRecord: survey.end.sequence - 1,
      file: pathIn(place, nameOf('journal', last.ordinal)),
      offset: survey.end.offset,
      found,
      lostSegments: lost.map((ordinal) => nameOf('journal', ordinal)),
      lostUpTo: told.at(-1) ?? null,
      survey,
      place,
    }
  }
  return null
}

/** Carries the plan out. What was damaged has been copied elsewhere by then, and the directory is locked. */
export async function repair({ place, survey }: RepairPlan): Promise<void> {
  const { files, directory } = place.settings
  const names = await files.list(directory)
  const useless = [
    ...unfinishedOf(names),
    ...ordinalsOf('reserve', names).map((ordinal) => nameOf('reserve', ordinal)),
    ...ordinalsOf('journal', names)
      .filter((ordinal) => ordinal > survey.last.ordinal)
      .map((ordinal) => nameOf('journal', ordinal)),
  ]
  for (const name of useless) await files.unlink(pathIn(place, name))
  await files.syncDirectory(directory)
  const recovered = await recoverJournal(place, new Reserve(place, []), survey)
  await recovered.active.file.close()
}

async function readableHeaders(settings: FileSettings, ordinals: readonly number[]): Promise<SegmentHeader[]> {
  const headers: SegmentHeader[] = []
  for (const ordinal of ordinals) {
    const header = await readSegmentHeader(settings, ordinal).catch(() => null)
    if (header) headers.push(header)
  }
  return headers
}

/** The journal that ends where `last` is no longer whole. Throws if what leads there is not whole either. */
async function surveyUpTo(
  place: Place,
  headers: readonly SegmentHeader[],
  last: SegmentHeader,
  images: readonly number[],
): Promise<{ survey: JournalSurvey; found: string }> {
  const { settings } = place
  checkOwner(place, headers)
  const segment = await openSegment(settings, last.ordinal)
  try {
    const { end, release, hasIdentity, found } = await wholeStretchOf(segment)
    const needed = neededSegments(settings, headers, last, release?.sequence ?? 1)
    for await (const batch of readJournal(settings, needed, end)) void batch
    await Snapshots.open(place, images, release)
    return { found, survey: { needed, last, end, marked: end.ordinal - 1, release, hasIdentity, cut: null } }
  } finally {
    await segment.close()
  }
}

/** How far a segment is whole, what it says until there, and what stands behind. */
async function wholeStretchOf(
  segment: OpenedSegment,
): Promise<Pick<JournalSurvey, 'end' | 'release' | 'hasIdentity'> & { found: string }> {
  let { release, hasIdentity } = segment.header
  let end = startOf(segment)
  const batches = readBatches(segment)
  for (;;) {
    const step = await batches.next().catch(() => null)
    if (!step) return { end, release, hasIdentity, found: 'a batch that does not belong there' }
    if (step.done) return { end, release, hasIdentity, found: step.value.found }
    const { header, next } = step.value
    if (header.isSeal) return { end, release, hasIdentity, found: 'the word that a newer segment goes on' }
    end = next
    release = header.release ?? release
    hasIdentity ||= header.hasIdentity
  }
}
