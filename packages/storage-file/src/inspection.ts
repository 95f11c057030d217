import { QuorateError } from '@quorate/contracts'
import type { OnRecord } from './journal-look.js'
import type { FileSettings } from './options.js'
import { lookIntoPlace } from './place-look.js'
import type { PlaceReport } from './place-report.js'
import type { Problem } from './problems.js'

/** So often a directory is read before it is said that it does not keep still. */
const looksMax = 10

/**
 * Reads everything that is in a directory, changes nothing, takes no lock, and says all that is wrong.
 *
 * A member may run there meanwhile: it deletes a file that was listed, or goes on in one that was not. So damage is
 * believed when two looks in a row find the same: what a writer causes has moved on by the second. `begin` is called for
 * each look, and what it returns gets what a replay would give. Throws `STORAGE_LOCKED` if no two looks agree.
 */
export async function inspectPlace(
  settings: FileSettings,
  begin: () => OnRecord = () => () => {},
): Promise<PlaceReport> {
  const lasting = new Map<string, Problem>()
  let before: readonly Problem[] = []
  for (let looks = 1; looks <= looksMax; looks += 1) {
    const { report, problems } = await lookIntoPlace(settings, begin())
    for (const problem of problems) {
      const wasThere = before.some(({ message }) => message === problem.message)
      if (wasThere || !problem.mayPass) lasting.set(problem.message, problem)
    }
    if (problems.length === 0 || (looks > 1 && lasting.size > 0)) {
      return { ...report, problems: [...lasting.values()].map(({ code, message }) => ({ code, message })) }
    }
    before = problems
  }
  const message =
    `${settings.directory} is in use: each of ${looksMax} looks found other files than the one before, so nothing can be ` +
    'said of it. Look again when its member is stopped'
  throw new QuorateError('STORAGE_LOCKED', message)
}
