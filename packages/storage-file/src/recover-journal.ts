import type { OpenFile, QuorateError, Release, ReplayReport } from '@quorate/contracts'
import { batchHeaderBytes, chainStart, decodeBatchHeader, encodeBatchHeader, type BatchHeader } from './batch.js'
import { corrupt } from './damage.js'
import { nameOf } from './names.js'
import type { FileSettings } from './options.js'
import { pathIn, type Place } from './place.js'
import { inspectRemainder } from './remainder.js'
import type { Reserve } from './reserve.js'
import {
  demandBatches,
  missing,
  readBatches,
  startOf,
  type Cursor,
  type FoundBatch,
  type OpenedSegment,
} from './scan.js'
import { createSegment, openSegment, sealSegment, type ActiveSegment } from './segment-file.js'
import { segmentHeaderBytes, type SegmentHeader } from './segment-header.js'

/** A journal that is ready to be replayed and appended to. */
export interface RecoveredJournal {
  /** The segments that are needed, oldest first; the last one is `active`. */
  readonly segments: readonly SegmentHeader[]
  readonly active: ActiveSegment
  /** Where the next batch goes. */
  readonly end: Cursor
  readonly release: Release | null
  readonly hasIdentity: boolean
  readonly cut: ReplayReport['cut']
}

/** What an existing journal says, before anything is changed. */
export interface JournalSurvey {
  /** The segments that are needed, oldest first. */
  readonly needed: readonly SegmentHeader[]
  readonly last: SegmentHeader
  /** Behind the last whole batch. */
  readonly end: Cursor
  /** The last batch that some mark covers. */
  readonly marked: number
  readonly release: Release | null
  readonly hasIdentity: boolean
  readonly cut: ReplayReport['cut']
}

/** The first segment of a new place. */
export async function beginJournal(place: Place, reserve: Reserve): Promise<RecoveredJournal> {
  const active = await createSegment(place, reserve, {
    ordinal: 1,
    previous: 0,
    firstBatch: 1,
    firstSequence: 1,
    syncedThrough: 0,
    release: null,
    chain: chainStart,
    hasIdentity: false,
  })
  const { header } = active
  return { segments: [header], active, end: startOf(active), release: null, hasIdentity: false, cut: null }
}

/**
 * Finds the end of the journal and the segments that lead to it. Only the last segment is read here; those before it are
 * sealed, and checked by the replay.
 */
export async function surveyJournal(
  settings: FileSettings,
  headers: readonly SegmentHeader[],
  last: SegmentHeader,
): Promise<JournalSurvey> {
  const segment = await openSegment(settings, last.ordinal)
  try {
    let { release, hasIdentity, syncedThrough: marked } = last
    const batches = readBatches(segment)
    let step = await batches.next()
    for (; !step.done; step = await batches.next()) {
      const { header } = step.value
      if (header.isSeal) throw successorIsMissing(segment, header)
      release = header.release ?? release
      hasIdentity ||= header.hasIdentity
      marked = Math.max(marked, header.syncedThrough)
    }
    const stop = step.value
    const rest = await inspectRemainder(segment, stop.at.offset)
    marked = Math.max(marked, rest.syncedThrough)
    if (marked >= stop.at.ordinal) throw missing(segment, stop)
    const needed = neededSegments(settings, headers, last, release?.sequence ?? 1)
    return { needed, last, end: stop.at, marked, release, hasIdentity, cut: rest.cut }
  } finally {
    await segment.close()
  }
}

/**
 * Makes durable what is about to be reported (decision D3).
 *
 * What no mark covers may have been read from the page cache only: its process may have died before the sync, or the
 * sync may have failed, after which the kernel takes the pages for written. So it is never synced where it is, but
 * copied into a new segment.
 */
export async function recoverJournal(place: Place, reserve: Reserve, survey: JournalSurvey): Promise<RecoveredJournal> {
  const { needed, last, end } = survey
  const segment = await openSegment(place.settings, last.ordinal)
  try {
    const unsealed = await findUnsealed(place.settings, survey)
    const { active, from } = await moveTail(place, reserve, segment, survey)
    try {
      if (unsealed) await writeSeal(place, unsealed, survey.hasIdentity)
      const isReplaced = active.header.firstBatch === last.firstBatch
      const { path, crc } = segment
      if (!isReplaced) await writeSeal(place, { path, crc, joint: from, seal: null }, survey.hasIdentity)
      const kept = isReplaced ? needed.slice(0, -1) : needed
      const offset = segmentHeaderBytes + end.offset - from.offset
      return { ...survey, segments: [...kept, active.header], active, end: { ...end, offset } }
    } catch (error) {
      await active.file.close().catch(() => undefined)
      throw error
    }
  } finally {
    await segment.close()
  }
}

function successorIsMissing(segment: OpenedSegment, seal: BatchHeader): QuorateError {
  const expected = `a newer segment with the batches from ${seal.ordinal} on, since this one was sealed`
  return corrupt({ file: segment.path, offset: segment.window.size, expected, found: 'no such file' })
}

/** From the segment that holds the first record to replay to the last one, along the chain of `previous`. */
export function neededSegments(
  settings: FileSettings,
  headers: readonly SegmentHeader[],
  last: SegmentHeader,
  firstRecord: number,
): SegmentHeader[] {
  const needed = [last]
  for (let oldest = last; oldest.firstSequence > firstRecord; needed.unshift(oldest)) {
    const { ordinal, previous, firstSequence } = oldest
    const found = headers.find((header) => header.ordinal === previous && header.ordinal < ordinal)
    if (!found) {
      const file = pathIn({ settings }, nameOf('journal', previous))
      const expected = `the segment before ${nameOf('journal', ordinal)}, with the records up to ${firstSequence - 1}`
      throw corrupt({ file, offset: 0, expected, found: 'no such file' })
    }
    oldest = found
  }
  return needed
}

/**
 * Begins a new segment with the tail that no mark covers. If the last segment is small, all of it is copied and the old
 * file is done with; so many restarts do not leave many files behind.
 */
async function moveTail(
  place: Place,
  reserve: Reserve,
  segment: OpenedSegment,
  { end, marked, release, hasIdentity }: JournalSurvey,
): Promise<{ active: ActiveSegment; from: Cursor }> {
  const { header } = segment
  const isSmall = end.offset <= place.settings.segmentBytes / 4
  const batches = demandBatches(segment, end.ordinal)
  let from = startOf(segment)
  while (!isSmall && from.ordinal <= marked) {
    const step = await batches.next()
    if (!step.done) from = step.value.next
  }
  const fields = {
    ordinal: header.ordinal + 1,
    previous: from.ordinal === header.firstBatch ? header.previous : header.ordinal,
    firstBatch: from.ordinal,
    firstSequence: from.sequence,
    syncedThrough: end.ordinal - 1,
    release,
    chain: from.chain,
    hasIdentity,
  }
  const active = await createSegment(place, reserve, fields, (file, crc) => copyBatches(batches, file, crc))
  return { active, from }
}

async function copyBatches(batches: AsyncIterable<FoundBatch>, file: OpenFile, segmentCrc: number): Promise<void> {
  let offset = segmentHeaderBytes
  for await (const { header, body } of batches) {
    const head = encodeBatchHeader(header, { segmentCrc, offset })
    await file.write(offset, [head, body])
    offset += head.length + body.length
  }
}

/** A segment whose seal may not be durable, or not be there, and where it belongs. */
interface Unsealed {
  readonly path: string
  readonly crc: number
  readonly joint: Cursor
  readonly seal: BatchHeader | null
}

/**
 * The segment before the last one, if nothing was appended since. Whoever made the last one may then have died before the
 * seal was durable; and otherwise it is, because the seal comes first. Read before anything is changed.
 */
async function findUnsealed(settings: FileSettings, { needed, last, end }: JournalSurvey): Promise<Unsealed | null> {
  const before = needed.at(-2)
  if (!before || end.ordinal - 1 > last.syncedThrough) return null
  const segment = await openSegment(settings, before.ordinal)
  try {
    let joint = startOf(segment)
    for await (const { next } of demandBatches(segment, last.firstBatch)) joint = next
    const { path, crc, window } = segment
    const header = decodeBatchHeader(await window.read(joint.offset, batchHeaderBytes), {
      segmentCrc: crc,
      offset: joint.offset,
    })
    return { path, crc, joint, seal: header?.isSeal === true ? header : null }
  } finally {
    await segment.close()
  }
}

/**
 * Writes the seal, also where there is one: that may be in the page cache only (decision D3), and is written once more as
 * it was. Without one, the room behind the last valid batch is given back first. The names of newer segments are durable by
 * now: a seal that speaks of one which power took would be refused.
 */
async function writeSeal(place: Place, { path, crc, joint, seal }: Unsealed, hasIdentity: boolean): Promise<void> {
  const file = await place.settings.files.open(path, 'readWrite')
  try {
    if (!seal) await file.truncate(joint.offset)
    await sealSegment(file, crc, joint, seal?.hasIdentity ?? hasIdentity)
  } finally {
    await file.close()
  }
}
