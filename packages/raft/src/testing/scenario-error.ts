/** A scenario that cannot be read or carried out. The message begins with file and line, and says what is allowed. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError'
  readonly line: number

  constructor(file: string, line: number, message: string) {
    super(`${file}:${line}: ${message}`)
    this.line = line
  }
}

/** What is wrong with one command, before it is known where it stands. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
