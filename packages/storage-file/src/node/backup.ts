import { lstat, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { writeIdentity } from '../identity.js'
import { inspectPlace } from '../inspection.js'
import { nameOf } from '../names.js'
import type { FileSettings } from '../options.js'
import { pathIn } from '../place.js'
import type { PlaceReport } from '../place-report.js'
import { readWholePlace } from '../whole-place.js'
import { codeOf } from '../damage.js'
import { CommandError } from './command-error.js'
import { describeProblems } from './describe-report.js'

/** So often a backup is begun anew because the member went on meanwhile. */
const triesMax = 10
const pieceBytes = 1024 * 1024

/**
 * `quorate-storage backup`: copies what a start of the member would need, also while the member runs, and marks it as a
 * backup: no member starts on it. It appears under its name when all of it was written, synced and read back.
 *
 * A member that runs deletes files and writes behind those that were read. So it is begun anew until what was copied is
 * whole by itself; damage is what stays.
 */
export async function backUp(settings: FileSettings, target: string): Promise<PlaceReport> {
  const into = resolve(target)
  const draft = `${into}.unfinished`
  for (const path of [into, draft]) await checkIsFree(path)
  for (let tries = 1; ; tries += 1) {
    try {
      const report = await copyOnce(settings, draft)
      await settings.files.rename(draft, into)
      await settings.files.syncDirectory(dirname(into))
      return report
    } catch (error) {
      await rm(draft, { recursive: true, force: true })
      const mayPass = codeOf(error) === 'STORAGE_CORRUPT' || codeOf(error) === 'ENOENT'
      if (!mayPass || tries === triesMax) throw error
    }
  }
}

async function checkIsFree(path: string): Promise<void> {
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  )
  if (isThere) throw new CommandError(`${path} is there already, and nothing was written: name another place`)
}

async function copyOnce(settings: FileSettings, draft: string): Promise<PlaceReport> {
  const { files } = settings
  const { place, contents, survey, snapshot } = await readWholePlace(settings)
  if (!survey || !contents.identity) throw new CommandError(`${settings.directory} is of no member that has started`)
  const copy = { ...place, settings: { ...settings, directory: draft, mayMove: true } }
  await files.makeDirectory(draft)
  const names = survey.needed.map(({ ordinal }) => ({ name: nameOf('journal', ordinal), end: Infinity }))
  const last = { name: nameOf('journal', survey.last.ordinal), end: survey.end.offset }
  const image = snapshot ? [{ name: nameOf('snapshot', snapshot.position), end: Infinity }] : []
  for (const { name, end } of [...names.slice(0, -1), last, ...image]) {
    await copyFile(files, pathIn(place, name), pathIn(copy, name), end)
  }
  const lastRecord = survey.end.sequence - 1
  await writeIdentity(copy, contents.identity.bytes, { lastRecord, isClosed: false, isBackup: true })
  const report = await inspectPlace(copy.settings)
  const [problem] = report.problems
  if (problem) throw Object.assign(new CommandError(describeProblems(report).join('\n')), { code: problem.code })
  return report
}

/** Copies a file up to `end`, and makes its bytes durable. */
async function copyFile(files: FileSettings['files'], from: string, to: string, end: number): Promise<void> {
  const source = await files.open(from, 'read')
  try {
    const copy = await files.open(to, 'create')
    try {
      for (let at = 0; at < end;) {
        const piece = await source.read(at, Math.min(pieceBytes, end - at))
        if (piece.length === 0) break
        await copy.write(at, [piece])
        at += piece.length
      }
      await copy.datasync()
    } finally {
      await copy.close()
    }
  } finally {
    await source.close()
  }
}

/** What a backup holds, for a person. */
export function describeBackup(target: string, { replayed, snapshot }: PlaceReport): string[] {
  const records = replayed ? `records ${replayed.first} to ${replayed.last}` : 'no records'
  const base = snapshot ? `the snapshot at position ${snapshot.position}, and ` : ''
  return [
    `${resolve(target)} holds ${base}${records}, synced and read back.`,
    'What was acknowledged before `replica.snapshot()` of this member resolved is in it, if the member ran then; what was',
    'acknowledged later may not be. No member starts on it: `quorate-storage restore` begins another cluster with it.',
  ]
}
