import { FailStop } from './fail-stop.js'
import { readIdentity, writeIdentity, type Identity } from './identity.js'
import { nameOf, ordinalsOf, unfinishedOf } from './names.js'
import type { FileSettings } from './options.js'
import { checkOwner, checkReaches, identityIsMissing } from './ownership.js'
import { pathIn, type Place } from './place.js'
import { neededSegments, recoverJournal, surveyJournal, type JournalSurvey } from './recover-journal.js'
import { readJournal } from './replay.js'
import { Reserve } from './reserve.js'
import { readBatches, startOf, type OpenedSegment } from './scan.js'
import { openSegment, readSegmentHeader } from './segment-file.js'
import type { SegmentHeader } from './segment-header.js'
import { Snapshots } from './snapshots.js'
import { unlessCorrupt } from './unless-corrupt.js'

/** How a damaged directory can be made to open again. */
export interface RepairPlan {
  readonly place: Place
  /** Segments whose headers cannot be read, and which no record is needed of. They go, and nothing is lost with them. */
  readonly needless: readonly string[]
  /** What is given up; null: all that is needed of the journal is whole. */
  readonly cut: JournalCut | null
}

/** A journal's new end: everything behind its last whole stretch is given up. */
export interface JournalCut {
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
  /** The identity, which will say that the journal ends there. */
  readonly identity: Identity | null
}

/**
 * Looks for the longest journal that is whole: that begins with the record which its own last release names, stands on
 * that release's snapshot, and leads to its end without a hole. Null if there is none, and then nothing can be repaired:
 * an identity and a snapshot are not made up. Null too if the journal is not what is damaged.
 *
 * Changes nothing. Only damage is planned around: throws `FORMAT_TOO_NEW` for what a newer program wrote, and what the
 * file layer throws.
 */
export async function planRepair(settings: FileSettings): Promise<RepairPlan | null> {
  const names = await settings.files.list(settings.directory)
  const ordinals = ordinalsOf('journal', names)
  const images = ordinalsOf('snapshot', names)
  const headers = await readableHeaders(settings, ordinals)
  const readable = await unlessCorrupt(async () => ({ identity: await readIdentity(settings) }))
  if (!readable) return null
  const { identity } = readable
  for (const [at, last] of [...headers.entries()].reverse()) {
    const place: Place = { settings, failStop: new FailStop(), id: identity?.placeId ?? last.placeId }
    const candidate = { place, headers: headers.slice(0, at + 1), last, images, identity }
    const needless = ordinals
      .filter((ordinal) => ordinal < last.ordinal && headers.every((header) => header.ordinal !== ordinal))
      .map((ordinal) => nameOf('journal', ordinal))
    const isNewest = ordinals.at(-1) === last.ordinal
    if (isNewest && (await unlessCorrupt(() => checkWhole(candidate))) !== null) {
      return needless.length > 0 ? { place, needless, cut: null } : null
    }
    const reached = await unlessCorrupt(() => surveyUpTo(candidate))
    if (!reached) continue
    const { survey, found } = reached
    const lost = ordinals.filter((ordinal) => ordinal > last.ordinal)
    const told = headers.slice(at + 1).map(({ firstSequence }) => firstSequence - 1)
    const known = Math.max(identity?.lastRecord ?? 0, told.at(-1) ?? 0)
    const cut: JournalCut = {
      lastRecord: survey.end.sequence - 1,
      file: pathIn(place, nameOf('journal', last.ordinal)),
      offset: survey.end.offset,
      found,
      lostSegments: lost.map((ordinal) => nameOf('journal', ordinal)),
      lostUpTo: known > 0 ? known : null,
      survey,
      identity,
    }
    return { place, needless, cut }
  }
  return null
}

/** Carries the plan out. What was damaged has been copied elsewhere by then, and the directory is locked. */
export async function repair({ place, needless, cut }: RepairPlan): Promise<void> {
  const { files, directory } = place.settings
  const names = await files.list(directory)
  const reserve = ordinalsOf('reserve', names).map((ordinal) => nameOf('reserve', ordinal))
  const useless = [...unfinishedOf(names), ...needless, ...(cut ? [...reserve, ...cut.lostSegments] : [])]
  for (const name of useless) await files.unlink(pathIn(place, name))
  await files.syncDirectory(directory)
  if (!cut) return
  const recovered = await recoverJournal(place, new Reserve(place, []), cut.survey)
  await recovered.active.file.close()
  const { identity, lastRecord } = cut
  if (!identity || identity.lastRecord <= lastRecord) return
  await writeIdentity(place, identity.bytes, { lastRecord, isClosed: false, isBackup: identity.isBackup })
}

async function readableHeaders(settings: FileSettings, ordinals: readonly number[]): Promise<SegmentHeader[]> {
  const headers: SegmentHeader[] = []
  for (const ordinal of ordinals) {
    const header = await unlessCorrupt(() => readSegmentHeader(settings, ordinal))
    if (header) headers.push(header)
  }
  return headers
}

/** A journal that may be what is left: that of these segments. */
interface Candidate {
  readonly place: Place
  readonly headers: readonly SegmentHeader[]
  readonly last: SegmentHeader
  readonly images: readonly number[]
  /** Null: there is none. */
  readonly identity: Identity | null
}

/** Returns if `open` would take the journal as it is, were there no other files. */
async function checkWhole(candidate: Candidate): Promise<true> {
  const { place, headers, last } = candidate
  const survey = await surveyJournal(place.settings, headers, last)
  checkReaches(place, candidate.identity, survey.end.sequence - 1)
  await checkStands(candidate, survey)
  return true
}

/** The journal that ends where `last` is no longer whole. Throws if what leads there is not whole either. */
async function surveyUpTo(candidate: Candidate): Promise<{ survey: JournalSurvey; found: string }> {
  const { place, headers, last } = candidate
  const { settings } = place
  const segment = await openSegment(settings, last.ordinal)
  try {
    const { end, release, hasIdentity, found } = await wholeStretchOf(segment)
    const needed = neededSegments(settings, headers, last, release?.sequence ?? 1)
    const survey = { needed, last, end, marked: end.ordinal - 1, release, hasIdentity, cut: null }
    await checkStands(candidate, survey)
    return { found, survey }
  } finally {
    await segment.close()
  }
}

/** Throws unless all that leads to the end is whole: the identity, the snapshot, and every segment between. */
async function checkStands({ place, headers, images, identity }: Candidate, survey: JournalSurvey): Promise<void> {
  checkOwner(place, headers)
  if (survey.hasIdentity && !identity) throw identityIsMissing(place)
  for await (const batch of readJournal(place.settings, survey.needed, survey.end)) void batch
  await Snapshots.open(place, images, survey.release)
}

/** How far a segment is whole, what it says until there, and what stands behind. */
async function wholeStretchOf(
  segment: OpenedSegment,
): Promise<Pick<JournalSurvey, 'end' | 'release' | 'hasIdentity'> & { found: string }> {
  let { release, hasIdentity } = segment.header
  let end = startOf(segment)
  const batches = readBatches(segment)
  for (;;) {
    const step = await unlessCorrupt(() => batches.next())
    if (!step) return { end, release, hasIdentity, found: 'a batch that does not belong there' }
    if (step.done) return { end, release, hasIdentity, found: step.value.found }
    const { header, next } = step.value
    if (header.isSeal) return { end, release, hasIdentity, found: 'the word that a newer segment goes on' }
    end = next
    release = header.release ?? release
    hasIdentity ||= header.hasIdentity
  }
}
