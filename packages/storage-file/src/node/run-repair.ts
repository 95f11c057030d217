import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { inspectPlace } from '../inspection.js'
import type { FileSettings } from '../options.js'
import type { PlaceReport } from '../place-report.js'
import { planRepair, repair, type RepairPlan } from '../repair.js'
import { CommandError } from './command-error.js'
import { describeProblems, describeReport } from './describe-report.js'
import { copyDurably } from './durable-copy.js'

/** What `repair` may do. */
export interface RepairWish {
  readonly mayWrite: boolean
  /** Where the copy goes; null: beside the directory, with `.damaged` behind its name. */
  readonly copy: string | null
}

/**
 * `quorate-storage repair`: says what would be lost, and does it if it may. Returns the exit code. A symbolic link is
 * followed first: the copy stands beside the directory itself, and every path that is said is that of a real file.
 */
export async function runRepair(
  given: FileSettings,
  { mayWrite, copy }: RepairWish,
  say: (lines: readonly string[]) => void,
): Promise<number> {
  const directory = await realpath(given.directory)
  const settings = { ...given, directory }
  const { files } = settings
  const unlock = mayWrite ? await files.lock(directory) : null
  try {
    const before = await inspectPlace(settings)
    say(describeProblems(before))
    if (before.problems.length === 0) return 0
    checkIsDamage(before)
    const plan = await planRepair(settings)
    if (!plan) {
      throw new CommandError(
        'This cannot be repaired: no stretch of the journal stands on an identity and a snapshot that are whole. Move the ' +
          'directory away, and let this member join anew under another id while a majority of the others is intact',
      )
    }
    say(['', ...describePlan(plan)])
    if (!mayWrite) {
      say(['', 'Nothing was written. Add --write to do it; the directory is copied first.'])
      return 1
    }
    const copied = copy === null ? `${directory}.damaged` : resolve(copy)
    await copyDurably(files, directory, copied)
    await repair(plan)
    const after = await inspectPlace(settings)
    say(['', `Copied to ${copied}, and repaired.`, '', ...describeReport(after), '', ...describeProblems(after)])
    return after.problems.length > 0 ? 1 : 0
  } finally {
    await unlock?.()
  }
}

/** Throws for what giving up a part of the journal would make worse: files that may well be whole. */
function checkIsDamage({ directory, problems }: PlaceReport): void {
  if (problems.some(({ code }) => code === 'FORMAT_TOO_NEW')) {
    throw new CommandError(
      `Nothing was written: a newer version of quorate has written in ${directory}, and this one would give that up. ` +
        'Install the newer version, start the member with it, or repair with its quorate-storage',
    )
  }
  if (problems.some(({ code }) => code !== 'STORAGE_CORRUPT')) {
    throw new CommandError(
      `Nothing was written: not everything in ${directory} could be read, and what could not may be whole. Look to the ` +
        'reason first; from a failing disk, copy what can be read to another one, and repair there',
    )
  }
}

function describePlan({ needless, cut }: RepairPlan): string[] {
  const lines: string[] = []
  if (needless.length > 0) {
    lines.push(
      `Unreadable, and in the way: ${needless.join(', ')}.`,
      'No record is needed of what it held: it would be deleted, and nothing is lost with it.',
    )
  }
  if (!cut) return lines
  const { file, offset, found, lastRecord, lostSegments, lostUpTo } = cut
  const lost = lostUpTo === null || lostUpTo <= lastRecord ? 'and nothing tells how many' : `at least up to ${lostUpTo}`
  lines.push(
    `The journal would end in ${file} at byte ${offset}, where there is ${found}.`,
    `It keeps the records up to ${lastRecord}. Those behind are lost, ${lost}.`,
  )
  if (lostSegments.length > 0) lines.push(`Given up whole: ${lostSegments.join(', ')}.`)
  return [
    ...lines,
    'Whoever has acknowledged something may have promised it to others: after this, the member must not vote with what it has',
    'forgotten. Use it to read what is left, or when every other copy is lost.',
  ]
}
