import { cp, lstat } from 'node:fs/promises'
import { inspectPlace } from '../inspection.js'
import type { FileSettings } from '../options.js'
import { planRepair, repair } from '../repair.js'
import { CommandError } from './command-error.js'
import { describeProblems, describeReport } from './describe-report.js'

/** `quorate-storage repair`: says what would be lost, and does it if it may. Returns the exit code. */
export async function runRepair(
  settings: FileSettings,
  mayWrite: boolean,
  copy: string,
  say: (lines: readonly string[]) => void,
): Promise<number> {
  const { directory, files } = settings
  const unlock = mayWrite ? await files.lock(directory) : null
  try {
    const before = await inspectPlace(settings)
    say(describeProblems(before))
    if (before.problems.length === 0) return 0
    const plan = await planRepair(settings)
    if (!plan) {
      throw new CommandError(
        'This cannot be repaired: no stretch of the journal stands on an identity and a snapshot that are whole. Move the ' +
          'directory away, and let this member join anew under another id while a majority of the others is intact',
      )
    }
    const { file, offset, found, lastRecord, lostSegments, lostUpTo } = plan
    const lost =
      lostUpTo === null || lostUpTo <= lastRecord ? 'and nothing tells how many' : `at least up to ${lostUpTo}`
    say([
      '',
      `The journal would end in ${file} at byte ${offset}, where there is ${found}.`,
      `It keeps the records up to ${lastRecord}. Those behind are lost, ${lost}.`,
      ...(lostSegments.length > 0 ? [`Given up whole: ${lostSegments.join(', ')}.`] : []),
      'Whoever has acknowledged something may have promised it to others: after this, the member must not vote with what it has',
      'forgotten. Use it to read what is left, or when every other copy is lost.',
    ])
    if (!mayWrite) {
      say(['', 'Nothing was written. Add --write to do it; the directory is copied first.'])
      return 1
    }
    await copyOf(directory, copy)
    await repair(plan)
    const after = await inspectPlace(settings)
    say(['', `Copied to ${copy}, and repaired.`, '', ...describeReport(after), '', ...describeProblems(after)])
    return after.problems.length > 0 ? 1 : 0
  } finally {
    await unlock?.()
  }
}

async function copyOf(directory: string, copy: string): Promise<void> {
  const isThere = await lstat(copy).then(
    () => true,
    () => false,
  )
  if (isThere) throw new CommandError(`${copy} is there already: name another place with --copy`)
  await cp(directory, copy, { recursive: true, errorOnExist: true, filter: (path) => !path.endsWith('/LOCK') })
}
