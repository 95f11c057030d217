import type { Member } from '@quorate/contracts'
import type { Command } from 'commander'
import type { FileSettings } from '../options.js'
import { CommandError } from './command-error.js'
import type { Console } from './console.js'
import { placeAt } from './place-at.js'
import { memberOf, recover, type RecoverWish } from './recover.js'

/** What exports both parts of a recovery. */
const usualModules: readonly string[] = ['quorate/recovery']

interface RecoverOptions {
  readonly cluster: string
  readonly member: Member[]
  readonly into?: string
  readonly with: readonly string[]
  readonly yes: boolean
}

const descriptions = {
  survivors: 'begins another cluster with what one member has left, after a majority was lost for good; asks first',
  backups: 'begins another cluster with a backup, as of the moment when it was taken; asks first',
}

/** Adds the arguments of `quorate-storage recover` or `restore`, and what it does. */
export function defineRecover(command: Command, console: Console, from: RecoverWish['from']): void {
  command
    .description(descriptions[from])
    .argument('<directories...>', `of the ${from}: the one that is ahead is taken`)
    .requiredOption('--cluster <name>', 'the new cluster: another name than the old one had')
    .requiredOption('--member <id=address[,client]>', 'one of its members; once for each', memberOf)
    .option('--into <directory>', 'is made, with a directory for each member in it; without it nothing is written')
    .option('--with <module>', 'exports forceMembers or planCluster or both; may be repeated', oneMore, usualModules)
    .option('--yes', 'do not ask', false)
    .action(async (directories: string[], options: RecoverOptions) => {
      const { cluster, member: members, into = null, with: modules, yes } = options
      const survivors: FileSettings[] = []
      for (const directory of directories) survivors.push(await placeAt(directory))
      const say = (lines: readonly string[]): void => lines.forEach((line) => console.log(line))
      await recover({ from, survivors, cluster, members, into, modules }, say, (name) => mayWrite(console, name, yes))
    })
}

function oneMore(name: string, before: readonly string[]): readonly string[] {
  return before === usualModules ? [name] : [...before, name]
}

async function mayWrite({ ask }: Console, cluster: string, isSure: boolean): Promise<boolean> {
  if (isSure) return true
  if (!ask) throw new CommandError('Nothing was written: answer on a terminal, or add --yes.')
  return (await ask('\nType the name of the new cluster to go on: ')).trim() === cluster
}
