import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from '../damage.js'
import { privateDirectoryMode } from './private-file.js'

/**
 * Makes a directory with its parents, and makes every name on the way to it durable, also the names that are there
 * already: whoever made them may have died before it came to the sync, and then power may still take them, with
 * all that was acknowledged below. `path` is absolute.
 */
export async function makeDirectory(path: string, sync: (directory: string) => Promise<void>): Promise<void> {
  await makeWithParents(path)
  for (let at = path; dirname(at) !== at; at = dirname(at)) {
    await sync(dirname(at)).catch((error: unknown) => {
      if (!isForeign(error)) throw error
    })
  }
}

/** By steps of our own: where a parent can never be made, as in `/proc`, `recursive` never ends. */
async function makeWithParents(path: string): Promise<void> {
  try {
    await mkdir(path, privateDirectoryMode)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    await makeWithParents(dirname(path))
    // Others may make it at the same time.
    await mkdir(path, privateDirectoryMode).catch((again: unknown) => {
      if (codeOf(again) !== 'EEXIST') throw again
    })
  }
}

/** A directory that this process may not open, or that no disk is behind, is none in which it has made anything. */
function isForeign(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'EACCES' || code === 'EPERM' || code === 'EINVAL'
}
