import { describeError } from '@quorate/contracts'
import type { ScenarioCluster } from './cluster.js'
import { runCommand } from './run-command.js'
import { parseScenario } from './parse.js'
import { CommandError, ScenarioError } from './scenario-error.js'

/**
 * Carries out a scenario and returns its text again, with what really happened behind each command. A test compares the two.
 *
 * Equal texts give equal results on every machine: all dice come from the scenario's seed. Safety is checked after every
 * step, and what is broken stands in the result as `INVARIANT BROKEN: …`. `file` names the scenario in errors. Throws a
 * {@link ScenarioError} for a scenario that cannot be read.
 */
export function runScenario(text: string, file = 'scenario'): string {
  let cluster: ScenarioCluster | null = null
  const paragraphs = parseScenario(text, file).map(({ comments, command, line }) => {
    if (command === null) return comments.join('\n')
    try {
      const outcome = runCommand(cluster, command)
      cluster = outcome.cluster
      return [...comments, command, '----', ...(outcome.lines.length > 0 ? outcome.lines : ['ok'])].join('\n')
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      throw new ScenarioError(file, line, describeError(error))
    }
  })
  return `${paragraphs.join('\n\n')}\n`
}
