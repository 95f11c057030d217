import { cp, lstat, readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { describeError } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { inspectPlace } from '../inspection.js'
import { ordinalsOf } from '../names.js'
import { fileStorageOptionsSchema, type FileSettings } from '../options.js'
import { planRepair, repair } from '../repair.js'
import { CommandError, loadDecoder } from './decoder.js'
import { describeProblems, describeReport } from './describe-report.js'
import { inspect } from './inspect.js'
import { nodeFiles } from './node-files.js'

/** Where the command says what it has to say. */
export interface Console {
  log(line: string): void
  error(line: string): void
}

/**
 * Runs `quorate-storage` with these arguments, and resolves with the exit code: 0 if all is well, 1 if there is damage,
 * 2 if it could not do what it was asked for.
 */
export async function runCommand(args: readonly string[], console: Console): Promise<number> {
  let code = 0
  const say = (lines: readonly string[]): void => {
    for (const line of lines) console.log(line)
  }
  const program = new Command('quorate-storage')
    .description('Looks into the directory of a member. Nothing but "repair --write" changes anything.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => console.log(text.trimEnd()),
      writeErr: (text) => console.error(text.trimEnd()),
    })

  program
    .command('inspect')
    .description('prints segments, records, snapshot and what is wrong')
    .argument('<directory>', 'what the member was given as its directory')
    .option('--json', 'as one line of JSON', false)
    .option('--records', 'every record too', false)
    .option('--sequence <number>', 'the bytes of one record', wholeNumber)
    .option('--position <number>', 'the command at one position; needs --decode', wholeNumber)
    .option('--decode <module>', 'reads records with decodeRecord of this module: @quorate/raft')
    .action(async (directory: string, options: InspectOptions) => {
      const { decode, position = null, sequence = null, ...rest } = options
      const decoder = decode === undefined ? null : await loadDecoder(decode)
      const { lines, report } = await inspect(await placeAt(directory), { ...rest, position, sequence, decoder })
      say(lines)
      code = report.problems.length > 0 ? 1 : 0
    })

  program
    .command('verify')
    .description('reads every byte that counts, and ends with 1 if there is damage')
    .argument('<directory>', 'what the member was given as its directory')
    .option('--json', 'as one line of JSON', false)
    .action(async (directory: string, { json }: { json: boolean }) => {
      const report = await inspectPlace(await placeAt(directory))
      say(json ? [JSON.stringify(report)] : describeProblems(report))
      code = report.problems.length > 0 ? 1 : 0
    })

  program
    .command('repair')
    .description('gives up what is behind the damage, so that the rest can be opened; says what would be lost')
    .argument('<directory>', 'what the member was given as its directory')
    .option('--write', 'do it, after the directory was copied', false)
    .option('--copy <directory>', 'where the copy goes (default: beside it, with ".damaged" behind its name)')
    .action(async (directory: string, { write, copy }: { write: boolean; copy?: string }) => {
      const settings = await placeAt(directory)
      code = await runRepair(settings, write, copy ?? `${resolve(directory)}.damaged`, say)
    })

  program
    .command('recover')
    .description('would force a new configuration after a majority is gone; this version cannot')
    .argument('<directory>', 'what the member was given as its directory')
    .action(async (directory: string) => {
      await placeAt(directory)
      throw new CommandError(whatRecoverMisses)
    })

  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    console.error(error instanceof CommandError ? error.message : describeError(error))
    return 2
  }
}

interface InspectOptions {
  readonly json: boolean
  readonly records: boolean
  readonly sequence?: number
  readonly position?: number
  readonly decode?: string
}

const whatRecoverMisses =
  'recover is not there yet. A configuration is a record of the protocol, and the storage only keeps records: no protocol ' +
  'offers one that forces a configuration, so there is nothing to write, and nothing was written. What is left: bring back ' +
  'the directories of a majority; or begin a new cluster with the state of the newest snapshot (`inspect` names it).'

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1 on.')
  return Number(text)
}

/** The settings to look into a directory with, once it is sure that it is one of ours. */
async function placeAt(directory: string): Promise<FileSettings> {
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

async function runRepair(
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
