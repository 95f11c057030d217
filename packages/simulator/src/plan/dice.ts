import type { Random } from '@quorate/contracts'

/** Seeded dice with the throws that plans are made of. */
export class Dice {
  readonly random: Random

  constructor(random: Random) {
    this.random = random
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + this.random.nextInt(max - min + 1)
  }

  /** True in so many of a hundred cases. */
  percent(chance: number): boolean {
    return this.random.nextInt(100) < chance
  }

  pick<Choice>(choices: readonly [Choice, ...Choice[]]): Choice {
    return choices[this.random.nextInt(choices.length)] ?? choices[0]
  }
}
