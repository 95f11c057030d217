import { chmod, cp, lstat, readdir, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { FileLayer } from '@quorate/contracts'
import { CommandError } from './command-error.js'
import { privateDirectoryMode } from './private-file.js'

/**
 * Copies a directory, and returns when the copy is durable: every byte and every name of it. `directory` may be a link;
 * links within it, pipes and devices are refused. `LOCK` stays behind.
 */
export async function copyDurably(files: FileLayer, directory: string, copy: string): Promise<void> {
  const isThere = await lstat(copy).then(
    () => true,
    () => false,
  )
  if (isThere) throw new CommandError(`${copy} is there already: name another place with --copy`)
  const real = await realpath(directory)
  const filter = async (path: string): Promise<boolean> => {
    if (basename(path) === 'LOCK') return false
    const found = await lstat(path)
    if (found.isFile() || found.isDirectory()) return true
    throw new CommandError(`${path} is no file, and nothing was written: remove it, and see who may write there`)
  }
  await cp(real, copy, { recursive: true, errorOnExist: true, filter })
  await chmod(copy, privateDirectoryMode)
  await syncAll(files, copy)
  await files.syncDirectory(dirname(copy))
}

async function syncAll(files: FileLayer, directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) await syncAll(files, path)
    else await syncFile(files, path)
  }
  await files.syncDirectory(directory)
}

async function syncFile(files: FileLayer, path: string): Promise<void> {
  const file = await files.open(path, 'readWrite')
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}
