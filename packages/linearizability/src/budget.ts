import { z } from 'zod'

/** How much a search may cost before it answers `unknown`. Counts, and no clock: the same history gets the same answer. */
export const limitsSchema = z.strictObject({
  /** Steps of the model, and comparisons of what else was used up: what the time of a search is made of. */
  stepsMax: z.int().positive().default(20_000_000),
  /** Configurations that are kept so that none is visited twice: what its memory is made of. */
  cachedConfigurationsMax: z.int().positive().default(2_000_000),
  /** Asked every thousand steps: true once it is time to give up. For those who have a clock. */
  deadline: z.custom<() => boolean>((value) => typeof value === 'function', 'must be a function').optional(),
})

export type Limits = z.input<typeof limitsSchema>

/** Why a search gave up. */
export type Exhausted = 'steps' | 'cachedConfigurations' | 'deadline'

/** What is left of the limits of one judgement. */
export class Budget {
  #steps: number
  #configurations: number
  readonly #deadline: () => boolean
  #isLate = false
  #untilAsked = 0

  constructor(limits: Limits) {
    const { stepsMax, cachedConfigurationsMax, deadline } = readLimits(limits)
    this.#steps = stepsMax
    this.#configurations = cachedConfigurationsMax
    this.#deadline = deadline ?? (() => false)
  }

  /** The fair part of one search when that many, itself included, are still to come. What it leaves is for the others. */
  share(searches: number): Share {
    const steps = Math.ceil(this.#steps / searches)
    return new Share(steps, this.#configurations, () => this.#isOver())
  }

  /** Takes what a search has used. Its configurations are forgotten with it, so they are not counted again. */
  take(share: Share): void {
    this.#steps -= share.used
  }

  #isOver(): boolean {
    this.#untilAsked -= 1
    if (this.#isLate || this.#untilAsked > 0) return this.#isLate
    this.#untilAsked = 1_000
    this.#isLate = this.#deadline()
    return this.#isLate
  }
}

/** What one search may use. */
export class Share {
  readonly #steps: number
  readonly #configurations: number
  readonly #isOver: () => boolean
  #used = 0

  constructor(steps: number, configurations: number, isOver: () => boolean) {
    this.#steps = steps
    this.#configurations = configurations
    this.#isOver = isOver
  }

  get used(): number {
    return this.#used
  }

  spend(steps: number): void {
    this.#used += steps
  }

  /** What is used up, or null. */
  exhausted(configurations: number): Exhausted | null {
    if (this.#used >= this.#steps) return 'steps'
    if (configurations >= this.#configurations) return 'cachedConfigurations'
    return this.#isOver() ? 'deadline' : null
  }
}

function readLimits(limits: Limits): z.output<typeof limitsSchema> {
  const read = limitsSchema.safeParse(limits)
  if (read.success) return read.data
  throw new TypeError(`the limits of the search are wrong:\n${z.prettifyError(read.error)}`)
}
