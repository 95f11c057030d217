import { hexOfBytes, type Release } from '@quorate/contracts'
import { FailStop } from './fail-stop.js'
import { readIdentity } from './identity.js'
import { lookIntoJournal, readHeaders, type OnRecord } from './journal-look.js'
import { ordinalsOf, unfinishedOf } from './names.js'
import type { FileSettings } from './options.js'
import { checkIsNew, checkOwner, checkReaches, identityIsMissing, isCopy } from './ownership.js'
import type { Place } from './place.js'
import type { PlaceReport, SnapshotReport } from './place-report.js'
import { Problems, type Problem } from './problems.js'
import { Snapshots } from './snapshots.js'

/** What one reading of a directory has found. */
export interface PlaceLook {
  readonly report: Omit<PlaceReport, 'problems'>
  readonly problems: readonly Problem[]
}

/**
 * Reads everything that is in a directory once, and goes on where `open` stops. If a member writes there meanwhile, the
 * names that were listed first and the bytes that were read last may not fit together.
 */
export async function lookIntoPlace(settings: FileSettings, onRecord: OnRecord): Promise<PlaceLook> {
  const names = await settings.files.list(settings.directory)
  const problems = new Problems(settings.directory)
  const identity = await problems.attempt(() => readIdentity(settings))
  const isIdentityDamaged = problems.found.length > 0
  const ordinals = ordinalsOf('journal', names)
  const found = await readHeaders(settings, ordinals, problems)
  const id = identity?.placeId ?? found.headers.at(-1)?.placeId ?? new Uint8Array()
  const place: Place = { settings, failStop: new FailStop(), id }
  const images = ordinalsOf('snapshot', names)
  if (ordinals.length === 0) await problems.attempt(() => checkIsNew(place, { identity, images }))
  await problems.attempt(() => checkOwner(place, found.headers))
  const { segments, replayed, tail } = await lookIntoJournal(settings, found, problems, onRecord)
  if (tail?.hasIdentity === true && !identity && !isIdentityDamaged) {
    await problems.attempt(() => Promise.reject(identityIsMissing(place)))
  }
  if (tail) await problems.attempt(() => checkReaches(place, identity, tail.end.sequence - 1))
  const release = tail?.release ?? null
  const snapshot = await problems.attempt(() => snapshotReportOf(place, images, release))
  const report = {
    directory: settings.directory,
    placeId: id.length > 0 ? hexOfBytes(id) : null,
    identityBytes: identity?.bytes.length ?? null,
    isCopy: await isCopy(settings, identity),
    isBackup: identity?.isBackup ?? false,
    segments,
    replayed,
    release,
    snapshot,
    unfinishedTail: tail?.cut ?? null,
    unfinishedFiles: unfinishedOf(names),
    reserveFiles: ordinalsOf('reserve', names).length,
  }
  return { report, problems: problems.found }
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
