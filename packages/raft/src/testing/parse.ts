import { ScenarioError } from './scenario-error.js'

/** One paragraph of a scenario: comments, and at most one command. */
export interface Step {
  readonly comments: readonly string[]
  /** The command as it was written; null in a paragraph of comments alone. */
  readonly command: string | null
  /** Where the command stands, from 1. */
  readonly line: number
}

/**
 * Cuts a scenario into its steps: comments (`#`), one command, `----`, and what was expected, up to an empty line. What was
 * expected is left out, because a run writes it anew.
 */
export function parseScenario(text: string, file: string): Step[] {
  const steps: Step[] = []
  let comments: string[] = []
  let command: string | null = null
  let commandLine = 0
  let isBehindRule = false

  const endStep = (): void => {
    if (comments.length > 0 || command !== null) steps.push({ comments, command, line: commandLine })
    comments = []
    command = null
    isBehindRule = false
  }

  text.split(/\r?\n/).forEach((raw, at) => {
    const line = raw.trimEnd()
    if (line === '') endStep()
    else if (isBehindRule) return
    else if (line === '----') {
      if (command === null) throw new ScenarioError(file, at + 1, 'there is no command above this ----')
      isBehindRule = true
    } else if (line.startsWith('#') && command === null) comments.push(line)
    else if (command === null) {
      command = line
      commandLine = at + 1
    } else {
      const message = `a step is one command and then ----, but "${line}" stands below "${command}"; put ---- or an empty line between them`
      throw new ScenarioError(file, at + 1, message)
    }
  })
  endStep()
  return steps
}

/** The words of a command; what stands in double quotes is one word, and keeps them. */
export function wordsOf(command: string): string[] {
  return command.match(/"[^"]*"|[^\s"]+/g) ?? []
}
