import type { Dice } from './dice.js'
import type { Fault } from './fault.js'

/** One replacement of the cluster, early enough that the next one is asked as much as the one before. */
export function drawReplacement(dice: Dice, members: number, safetyMs: number): Fault {
  return {
    kind: 'replaceCluster',
    atMs: Math.floor((safetyMs * dice.between(25, 60)) / 100),
    how: dice.pick(['anew', 'renamed', 'recovered', 'recovered'] as const),
    survivors: dice.between(1, members),
    forMs: dice.pick([0, dice.between(0, 1_500)]),
  }
}
