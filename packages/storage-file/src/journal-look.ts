import type { Sequence } from '@quorate/contracts'
import type { FoundRecord } from './batch.js'
import { nameOf } from './names.js'
import type { FileSettings } from './options.js'
import type { PlaceReport, SegmentReport } from './place-report.js'
import type { Problems } from './problems.js'
import { neededSegments, surveyJournal, type JournalSurvey } from './recover-journal.js'
import { readJournal } from './replay.js'
import { readBatches, startOf } from './scan.js'
import { openSegment, readSegmentHeader } from './segment-file.js'
import type { SegmentHeader } from './segment-header.js'
import { unlessCorrupt } from './unless-corrupt.js'

/** Gets each record of a replay. */
export type OnRecord = (sequence: Sequence, bytes: Uint8Array) => void

/** The headers of a journal's files. */
export interface FoundHeaders {
  readonly headers: readonly SegmentHeader[]
  /** Ordinals of the files whose headers could not be read. */
  readonly unreadable: ReadonlySet<number>
}

/** What the files of a journal say. */
export interface JournalLook {
  readonly segments: readonly SegmentReport[]
  readonly replayed: PlaceReport['replayed']
  /** How the journal ends; null if that is not known. */
  readonly tail: Pick<JournalSurvey, 'end' | 'release' | 'hasIdentity' | 'cut'> | null
}

export async function readHeaders(
  settings: FileSettings,
  ordinals: readonly number[],
  problems: Problems,
): Promise<FoundHeaders> {
  const headers: SegmentHeader[] = []
  const unreadable = new Set<number>()
  for (const ordinal of ordinals) {
    const header = await problems.attempt(() => readSegmentHeader(settings, ordinal))
    if (header) headers.push(header)
    else unreadable.add(ordinal)
  }
  return { headers, unreadable }
}

/**
 * Reads every segment that is needed, whatever is wrong with those before it. What can be told of none is left out: a
 * segment whose successor has no readable header may end anywhere.
 */
export async function lookIntoJournal(
  settings: FileSettings,
  { headers, unreadable }: FoundHeaders,
  problems: Problems,
  onRecord: OnRecord,
): Promise<JournalLook> {
  const segments: SegmentReport[] = []
  for (const header of headers) {
    const report = await problems.attempt(() => segmentReportOf(settings, header))
    if (report) segments.push(report)
  }
  const last = headers.at(-1)
  if (!last) return { segments, replayed: null, tail: null }
  const isNewest = [...unreadable].every((ordinal) => ordinal < last.ordinal)
  const tail = isNewest ? await problems.attempt(() => surveyEnd(settings, last)) : null
  const firstRecord = (tail ?? last).release?.sequence ?? 1
  const lost = lostBefore(headers, last, firstRecord)
  // An unreadable one was told of already; and what is damaged at the end may have released what is not here.
  if (tail && lost !== null && !unreadable.has(lost)) {
    await problems.attempt(() => neededSegments(settings, headers, last, firstRecord))
  }
  const replay = new Replay(firstRecord, onRecord)
  let isWhole = tail !== null && lost === null
  for (const header of headers) {
    const next = headers.findLast(({ previous }) => previous === header.ordinal)
    const until = next ? startOf({ header: next }) : header === last && tail ? tail.end : null
    const isReleased = next !== undefined && next.firstSequence <= firstRecord
    if (!until || isReleased) continue
    const batches = readJournal(settings, next ? [header, next] : [header], until)
    isWhole = (await readToEnd(batches, problems, isWhole ? replay : null)) && isWhole
  }
  return { segments, replayed: replay.report, tail }
}

/** How the journal ends, whether or not anything leads there. */
function surveyEnd(settings: FileSettings, last: SegmentHeader): Promise<JournalSurvey> {
  return surveyJournal(settings, [], { ...last, firstSequence: 1 })
}

/** Ordinal of the newest segment that is needed and has no header here; null if there are all. */
function lostBefore(headers: readonly SegmentHeader[], last: SegmentHeader, firstRecord: number): number | null {
  for (let oldest = last; oldest.firstSequence > firstRecord;) {
    const { previous } = oldest
    const found = headers.find(({ ordinal }) => ordinal === previous && ordinal < oldest.ordinal)
    if (!found) return previous
    oldest = found
  }
  return null
}

/** Returns whether everything could be read. An error of whoever gets the records is no problem of the directory. */
async function readToEnd(
  batches: ReturnType<typeof readJournal>,
  problems: Problems,
  replay: Replay | null,
): Promise<boolean> {
  try {
    for (;;) {
      const step = await problems.attempt(() => batches.next())
      if (!step || step.done) return step !== null
      replay?.take(step.value)
    }
  } finally {
    await batches.return()
  }
}

/** Counts what a replay gives, and hands it on. */
class Replay {
  readonly #from: number
  readonly #onRecord: OnRecord
  #first = 0
  #last = 0
  #records = 0
  #bytes = 0

  constructor(from: number, onRecord: OnRecord) {
    this.#from = from
    this.#onRecord = onRecord
  }

  get report(): PlaceReport['replayed'] {
    if (this.#records === 0) return null
    return { first: this.#first, last: this.#last, records: this.#records, bytes: this.#bytes }
  }

  take(batch: readonly FoundRecord[]): void {
    for (const { sequence, bytes } of batch) {
      if (sequence < this.#from) continue
      this.#first ||= sequence
      this.#last = sequence
      this.#records += 1
      this.#bytes += bytes.length
      this.#onRecord(sequence, bytes)
    }
  }
}

/** Counts what of a segment is whole. Whether that is all there should be, its successor knows. */
async function segmentReportOf(
  settings: FileSettings,
  { ordinal, firstSequence }: SegmentHeader,
): Promise<SegmentReport> {
  const segment = await openSegment(settings, ordinal)
  try {
    let [batches, records, isSealed] = [0, 0, false]
    const found = readBatches(segment)
    for (;;) {
      const step = await unlessCorrupt(() => found.next())
      if (!step || step.done) break
      const { header } = step.value
      isSealed = header.isSeal
      if (isSealed) break
      batches += 1
      records += header.count
    }
    const bytes = segment.window.size
    return { name: nameOf('journal', ordinal), bytes, batches, records, firstSequence, isSealed }
  } finally {
    await segment.close()
  }
}
