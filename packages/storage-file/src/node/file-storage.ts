import { resolve } from 'node:path'
import { parseOptions, type Storage } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { fileStorage as portableFileStorage } from '../file-storage.js'
import { fileStorageOptionsSchema, type FileStorageOptions } from '../options.js'
import { nodeFiles } from './node-files.js'

/** What may be said to `fileStorage` here: a directory is enough. */
export type NodeFileStorageOptions = Omit<FileStorageOptions, 'files' | 'environment'> &
  Partial<Pick<FileStorageOptions, 'files' | 'environment'>>

/**
 * A write-ahead log, snapshots and an identity in a directory of this machine, which is made if it is not there. It stays
 * the same when the process changes its working directory.
 * One process at a time: a second one gets `STORAGE_LOCKED`. Network file systems are not supported.
 */
export function fileStorage(options: NodeFileStorageOptions): Storage {
  const given = { files: nodeFiles(), environment: nodeEnvironment(), ...options }
  const settings = parseOptions(fileStorageOptionsSchema, given, 'fileStorage options')
  return portableFileStorage({ ...settings, directory: resolve(settings.directory) })
}
