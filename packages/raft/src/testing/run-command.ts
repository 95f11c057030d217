import { Arguments } from './arguments.js'
import type { ScenarioCluster } from './cluster.js'
import { commands } from './commands.js'
import { newCluster } from './new-cluster.js'
import { wordsOf } from './parse.js'
import { CommandError } from './scenario-error.js'

const clusterUsage = 'cluster n1 n2 n3? [seed=7 preVote=false n1.preVote=true …]'

/** Carries out one command. Returns what happened, and the cluster to go on with. Throws a {@link CommandError}. */
export function runCommand(
  before: ScenarioCluster | null,
  text: string,
): { readonly cluster: ScenarioCluster; readonly lines: readonly string[] } {
  const [name = '', ...words] = wordsOf(text)
  if (name === 'cluster') return { cluster: newCluster(words), lines: [] }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) {
    const usages = [clusterUsage, ...Object.values(commands).map(({ usage }) => usage)]
    throw new CommandError(`"${name}" is no command; there are:\n${usages.map((usage) => `  ${usage}`).join('\n')}`)
  }
  const cluster = before
  if (!cluster) throw new CommandError(`"${name}" needs a cluster; begin with ${clusterUsage}`)
  const given = new Arguments(cluster, words)
  const isFull = given.flag('full')
  const isQuiet = given.flag('quiet') || (command.isQuiet === true && !isFull)
  try {
    const lines = cluster.record(isQuiet, () => {
      command.run(cluster, given)
      given.end()
    })
    return { cluster, lines }
  } catch (error) {
    if (error instanceof CommandError) throw new CommandError(`${error.message} (usage: ${command.usage})`)
    throw error
  }
}
