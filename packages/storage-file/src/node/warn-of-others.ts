import { stat } from 'node:fs/promises'

const warned = new Set<string>()

/**
 * Warns once of a directory that was there already and that others may look into or write to. Its mode is the operator's,
 * and is left as it is; the files in it are their owner's alone.
 */
export async function warnOfOthers(directory: string): Promise<void> {
  const { mode } = await stat(directory)
  if (process.platform === 'win32' || (mode & 0o077) === 0 || warned.has(directory)) return
  warned.add(directory)
  const may = (mode & 0o022) === 0 ? 'see the names of files' : 'write'
  const message =
    `other users may ${may} in ${directory} (mode ${(mode & 0o777).toString(8)}): ` +
    'take that from them with chmod 700, or name a directory that quorate makes'
  process.emitWarning(message, { code: 'QUORATE_OPEN_DIRECTORY' })
}
