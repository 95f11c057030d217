import type { Dice } from './dice.js'
import type { Fault, StagedFaults } from './fault.js'

/**
 * One or two members that are started on an older copy of their directory. Whether a rollback of a whole disk is noticed
 * depends on peers that know better and are reached, so nothing else goes wrong then (decision 0011). A copy of files is
 * noticed by the member itself, whatever else happens.
 */
export function drawCopies(dice: Dice, members: number, safetyMs: number): StagedFaults {
  const ids = dice.pick(['new', 'kept'] as const)
  const first = dice.random.nextInt(members)
  const victims = [first, ...(dice.percent(50) ? [(first + 1) % members] : [])]
  const faults = victims.map((who, at): Fault => {
    const atMs = Math.floor((safetyMs * (at + dice.between(15, 45) / 100)) / victims.length)
    return {
      kind: 'oldCopy',
      ...{ atMs, who, ids },
      // Where all have forgotten what they knew, only the member itself can tell.
      stopsOthers: ids === 'new' && dice.percent(60),
      keptMs: dice.pick([dice.between(50, 400), dice.between(400, 1_500)]),
      forMs: dice.between(0, 400),
    }
  })
  return { faults, isQuiet: ids === 'kept' }
}
