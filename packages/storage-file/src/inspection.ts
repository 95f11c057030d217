import { hexOfBytes, type QuorateError, type Release, type ReplayReport, type Sequence } from '@quorate/contracts'
import { failureOf } from './damage.js'
import { FailStop } from './fail-stop.js'
import { readIdentity } from './identity.js'
import { nameOf, ordinalsOf, unfinishedOf } from './names.js'
import type { FileSettings } from './options.js'
import { checkIsNew, checkOwner, identityIsMissing } from './ownership.js'
import type { Place } from './place.js'
import { surveyJournal } from './recover-journal.js'
import { readJournal } from './replay.js'
import { readBatches } from './scan.js'
import { openSegment, readSegmentHeader } from './segment-file.js'
import type { SegmentHeader } from './segment-header.js'
import { Snapshots } from './snapshots.js'

/** One file of the journal. */
export interface SegmentReport {
  readonly name: string
  readonly bytes: number
  /** Whole batches, seal not counted. */
  readonly batches: number
  readonly records: number
  readonly firstSequence: number
  /** A newer segment goes on from its end. */
  readonly isSealed: boolean
}

/** The snapshot that the last release relies on. */
export interface SnapshotReport {
  readonly position: number
  readonly epoch: number
  readonly members: readonly string[]
  readonly bytes: number
  readonly sha256: string
}

/** What is in a directory, and all that is wrong with it. Plain JSON. */
export interface PlaceReport {
  readonly directory: string
  /** Null: no file that says whose place this is could be read. */
  readonly placeId: string | null
  /** Length of the driver's identity; null: none was saved. */
  readonly identityBytes: number | null
  readonly segments: readonly SegmentReport[]
  /** What a replay would give, or has given until it met damage. */
  readonly replayed: {
    readonly first: number
    readonly last: number
    readonly records: number
    readonly bytes: number
  } | null
  readonly release: Release | null
  readonly snapshot: SnapshotReport | null
  /** The write that never ended, which the next open will cut (decision D4). */
  readonly unfinishedTail: ReplayReport['cut']
  /** Files that the next open will delete. */
  readonly unfinishedFiles: readonly string[]
  readonly reserveFiles: number
  /** Each a reason why `open` refuses. Empty: all checksums are right, and nothing is missing. */
  readonly problems: readonly { readonly code: QuorateError['code']; readonly message: string }[]
}

/**
 * Reads everything that is in a directory, changes nothing, takes no lock, and goes on where `open` stops: it says all
 * that is wrong. `onRecord` gets what a replay would give.
 */
export async function inspectPlace(
  settings: FileSettings,
  onRecord: (sequence: Sequence, bytes: Uint8Array) => void = () => {},
): Promise<PlaceReport> {
  const names = await settings.files.list(settings.directory)
  const problems: { code: QuorateError['code']; message: string }[] = []
  const attempt = async <Result>(run: () => Promise<Result> | Result): Promise<Result | null> => {
    try {
      return await run()
    } catch (error) {
      const { code, message } = failureOf(`reading ${settings.directory}`, error)
      problems.push({ code, message })
      return null
    }
  }

  const identity = await attempt(() => readIdentity(settings))
  const hadProblems = problems.length > 0
  const headers: SegmentHeader[] = []
  for (const ordinal of ordinalsOf('journal', names)) {
    const header = await attempt(() => readSegmentHeader(settings, ordinal))
    if (header) headers.push(header)
  }
  const last = headers.at(-1)
  const id = identity?.placeId ?? last?.placeId ?? new Uint8Array()
  const place: Place = { settings, failStop: new FailStop(), id }
  const images = ordinalsOf('snapshot', names)
  await attempt(() => (last ? checkOwner(place, headers) : checkIsNew(place, { identity, images })))
  const survey = last ? await attempt(() => surveyJournal(settings, headers, last)) : null
  if (survey?.hasIdentity === true && !identity && !hadProblems) {
    await attempt(() => Promise.reject(identityIsMissing(place)))
  }
  const segments: SegmentReport[] = []
  for (const header of headers) {
    const report = await attempt(() => segmentReportOf(settings, header))
    if (report) segments.push(report)
  }
  const replay = new Replay(survey?.release?.sequence ?? 1, onRecord)
  if (survey) await attempt(() => replay.take(readJournal(settings, survey.needed, survey.end)))
  return {
    directory: settings.directory,
    placeId: id.length > 0 ? hexOfBytes(id) : null,
    identityBytes: identity?.bytes.length ?? null,
    segments,
    replayed: replay.report,
    release: survey?.release ?? null,
    snapshot: survey?.release ? await attempt(() => snapshotReportOf(place, images, survey.release)) : null,
    unfinishedTail: survey?.cut ?? null,
    unfinishedFiles: unfinishedOf(names),
    reserveFiles: ordinalsOf('reserve', names).length,
    problems,
  }
}

/** Counts what a replay gives, and hands it on. */
class Replay {
  readonly #from: number
  readonly #onRecord: (sequence: Sequence, bytes: Uint8Array) => void
  #first = 0
  #last = 0
  #records = 0
  #bytes = 0

  constructor(from: number, onRecord: (sequence: Sequence, bytes: Uint8Array) => void) {
    this.#from = from
    this.#onRecord = onRecord
  }

  get report(): PlaceReport['replayed'] {
    if (this.#records === 0) return null
    return { first: this.#first, last: this.#last, records: this.#records, bytes: this.#bytes }
  }

  async take(batches: ReturnType<typeof readJournal>): Promise<void> {
    for await (const batch of batches) {
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
}

async function segmentReportOf(
  settings: FileSettings,
  { ordinal, firstSequence }: SegmentHeader,
): Promise<SegmentReport> {
  const segment = await openSegment(settings, ordinal)
  try {
    let [batches, records, isSealed] = [0, 0, false]
    for await (const { header } of readBatches(segment)) {
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

async function snapshotReportOf(
  place: Place,
  images: readonly number[],
  release: Release | null,
): Promise<SnapshotReport | null> {
  const { snapshots, meta } = await Snapshots.open(place, images, release)
  const source = meta && (await snapshots.openSource(meta.position))
  if (!source) return null
  try {
    const { position, epoch, members } = meta
    const ids = members.map(({ id }) => id)
    return { position, epoch, members: ids, bytes: source.byteLength, sha256: hexOfBytes(source.digest) }
  } finally {
    await source.close()
  }
}
