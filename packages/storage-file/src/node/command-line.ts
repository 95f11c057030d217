import { describeError } from '@quorate/contracts'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { inspectPlace } from '../inspection.js'
import type { PlaceReport } from '../place-report.js'
import { backUp, describeBackup } from './backup.js'
import { CommandError } from './command-error.js'
import type { Console } from './console.js'
import { loadDecoder } from './decoder.js'
import { describeProblems } from './describe-report.js'
import { inspect } from './inspect.js'
import { placeAt } from './place-at.js'
import { defineRecover } from './recover-command.js'
import { runMoved } from './run-moved.js'
import { runRepair } from './run-repair.js'

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
    .description(
      'Looks into the directory of a member. Only "repair --write" and "moved" change one; "backup", "recover" and "restore" make new ones.',
    )
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
      code = exitCodeOf(report)
    })

  program
    .command('verify')
    .description('reads every byte that counts, and ends with 1 if there is damage')
    .argument('<directory>', 'what the member was given as its directory')
    .option('--json', 'as one line of JSON', false)
    .action(async (directory: string, { json }: { json: boolean }) => {
      const report = await inspectPlace(await placeAt(directory))
      say(json ? [JSON.stringify(report)] : describeProblems(report))
      code = exitCodeOf(report)
    })

  program
    .command('repair')
    .description('gives up what is behind the damage, so that the rest can be opened; says what would be lost')
    .argument('<directory>', 'what the member was given as its directory')
    .option('--write', 'do it, after the directory was copied', false)
    .option('--copy <directory>', 'where the copy goes (default: beside it, with ".damaged" behind its name)')
    .action(async (directory: string, { write, copy }: { write: boolean; copy?: string }) => {
      code = await runRepair(await placeAt(directory), { mayWrite: write, copy: copy ?? null }, say)
    })

  defineRecover(program.command('recover'), console, 'survivors')
  defineRecover(program.command('restore'), console, 'backups')

  defineCopies(program, say)

  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    console.error(error instanceof CommandError ? error.message : describeError(error))
    return 2
  }
}

/** The commands that make a copy of a directory, or say that one is none. */
function defineCopies(program: Command, say: (lines: readonly string[]) => void): void {
  program
    .command('backup')
    .description('copies what a member has, also while it runs; call snapshot() of the replica before')
    .argument('<directory>', 'what the member was given as its directory')
    .argument('<target>', 'is made')
    .action(async (directory: string, target: string) => {
      say(describeBackup(target, await backUp(await placeAt(directory), target)))
    })

  program
    .command('moved')
    .description('says that a directory was moved after its member had stopped, and that the member has not run since')
    .argument('<directory>', 'where it is now')
    .action(async (directory: string) => say(await runMoved(await placeAt(directory))))
}

interface InspectOptions {
  readonly json: boolean
  readonly records: boolean
  readonly sequence?: number
  readonly position?: number
  readonly decode?: string
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1 on.')
  return Number(text)
}

/** What could not be read is no damage: the disk may only be busy, or somebody else's. */
function exitCodeOf({ problems }: PlaceReport): number {
  if (problems.length === 0) return 0
  return problems.some(({ code }) => code === 'STORAGE_CORRUPT' || code === 'FORMAT_TOO_NEW') ? 1 : 2
}
