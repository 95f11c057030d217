import { cp, lstat, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { FileLayer } from '@quorate/contracts'
import { CommandError } from './command-error.js'

/**
 * Copies a directory, and returns when the copy is durable: every byte and every name of it. Links are followed, so that
 * nothing in the copy is a way back to the original. `LOCK` stays behind.
 */
export async function copyDurably(files: FileLayer, directory: string, copy: string): Promise<void> {
  const isThere = await lstat(copy).then(
    () => true,
    () => false,
  )
  if (isThere) throw new CommandError(`${copy} is there already: name another place with --copy`)
  const filter = (path: string): boolean => basename(path) !== 'LOCK'
  await cp(directory, copy, { recursive: true, dereference: true, errorOnExist: true, filter })
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
