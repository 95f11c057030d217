/** Where the command says what it has to say. */
export interface Console {
  log(line: string): void
  error(line: string): void
  /** Null: nobody is there to be asked. */
  readonly ask: ((question: string) => Promise<string>) | null
}
