import { QuorateError } from '@quorate/contracts'
import { writeIdentity } from './identity.js'
import type { FileSettings } from './options.js'
import { checkIsNoCopy, isCopy } from './ownership.js'
import { pathIn } from './place.js'
import { readWholePlace } from './whole-place.js'

/**
 * Ties a directory to the files that it has now: somebody says that it was moved, and that the member has not run
 * elsewhere since. Only for one that was closed, and then left alone; of a copy that was taken while the member ran nobody
 * can say that: throws `STALE_DIRECTORY`. The directory is locked. Returns false if there is nothing to do.
 */
export async function declareMoved(settings: FileSettings): Promise<boolean> {
  const { place, contents, survey } = await readWholePlace(settings)
  const { identity, unfinished } = contents
  if (!identity?.isBackup && !(await isCopy(settings, identity))) return false
  const isClosed = identity?.isClosed === true && survey?.end.sequence === identity.lastRecord + 1
  if (!identity || identity.isBackup || !isClosed) {
    await checkIsNoCopy(settings, identity, false)
    throw new QuorateError('STALE_DIRECTORY', `${settings.directory} is no directory of a member that had stopped`)
  }
  for (const name of unfinished) await settings.files.unlink(pathIn(place, name))
  const { bytes, lastRecord } = identity
  await writeIdentity(place, bytes, { lastRecord, isClosed: true, isBackup: false })
  return true
}
