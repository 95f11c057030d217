/** Runs asynchronous steps one after the other, in the order in which they were given, whether or not one fails. */
export class InOrder {
  #last: Promise<unknown> = Promise.resolve()

  run<Result>(step: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(step, step)
    this.#last = result.catch(() => undefined)
    return result
  }

  /** Resolves when every step given so far has ended. */
  async settled(): Promise<void> {
    await this.#last
  }
}
