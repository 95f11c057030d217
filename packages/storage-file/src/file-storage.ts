import { parseOptions, type Storage } from '@quorate/contracts'
import { OpenFileStorage } from './open-file-storage.js'
import { openPlace } from './open-place.js'
import { fileStorageOptionsSchema, type FileStorageOptions } from './options.js'

/**
 * A write-ahead log, snapshots and an identity in a directory, over any file layer. What it has acknowledged survives
 * the machine: it is on the disk, or `open` refuses with `STORAGE_CORRUPT` and says what is missing.
 *
 * `open` throws `STORAGE_LOCKED` while somebody else has the directory, `STORAGE_CORRUPT`, `FORMAT_TOO_NEW`,
 * `STORAGE_FULL` or `STORAGE_FAILED`. Options throw `INVALID_OPTIONS`.
 */
export function fileStorage(options: FileStorageOptions): Storage {
  const settings = parseOptions(fileStorageOptionsSchema, options, 'fileStorage options')
  return {
    survives: 'machine',
    open: async () => new OpenFileStorage(await openPlace(settings)),
  }
}
