import { readdir } from 'node:fs/promises'
import { describeError } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { ordinalsOf } from '../names.js'
import { fileStorageOptionsSchema, type FileSettings } from '../options.js'
import { CommandError } from './command-error.js'
import { nodeFiles } from './node-files.js'

/** The settings to look into a directory with, once it is sure that it is one of ours. */
export async function placeAt(directory: string): Promise<FileSettings> {
  let names: string[]
  try {
    names = await readdir(directory)
  } catch (error) {
    throw new CommandError(`${directory} cannot be read (${describeError(error)}): name the directory of a member`)
  }
  const isOurs =
    names.includes('identity') || (['journal', 'snapshot'] as const).some((of) => ordinalsOf(of, names).length > 0)
  if (!isOurs)
    throw new CommandError(`${directory} holds no storage: there is no journal-…, snapshot-… or identity in it`)
  return fileStorageOptionsSchema.parse({ directory, files: nodeFiles(), environment: nodeEnvironment() })
}
