import type { QuorateError } from '@quorate/contracts'
import { codeOf, failureOf } from './damage.js'

/** Something wrong that was met while a directory was read. */
export interface Problem {
  readonly code: QuorateError['code']
  readonly message: string
  /** A member that writes at the same time can look like this: a file is gone, or others are there than were listed. */
  readonly mayPass: boolean
}

/** What is wrong with a directory, gathered while the reading goes on. */
export class Problems {
  readonly #directory: string
  readonly #found = new Map<string, Problem>()

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Each once, as they were met. */
  get found(): Problem[] {
    return [...this.#found.values()]
  }

  /** What `run` gives, or null: then the reason was put to the others. */
  async attempt<Result>(run: () => Promise<Result> | Result): Promise<Result | null> {
    try {
      return await run()
    } catch (error) {
      const { code, message } = failureOf(`reading ${this.#directory}`, error)
      const mayPass = code === 'STORAGE_CORRUPT' || codeOf(error) === 'ENOENT'
      this.#found.set(message, { code, message, mayPass })
      return null
    }
  }
}
