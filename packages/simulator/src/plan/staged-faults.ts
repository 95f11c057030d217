import type { Dice } from './dice.js'
import { drawCopies } from './draw-copies.js'
import { drawReplacement } from './draw-replacement.js'
import { drawUpgrades } from './draw-upgrades.js'
import type { StagedFaults } from './fault.js'
import type { StagedTheme } from './plan.js'

/** How the faults of a staged theme are drawn, for a cluster of so many members. */
export const stagedFaults: Readonly<
  Record<StagedTheme, (dice: Dice, members: number, safetyMs: number) => StagedFaults>
> = {
  upgrades: (dice, members, safetyMs) => ({ faults: drawUpgrades(dice, members, safetyMs), isQuiet: false }),
  copies: drawCopies,
  replaced: (dice, members, safetyMs) => ({ faults: [drawReplacement(dice, members, safetyMs)], isQuiet: false }),
  idle: () => ({ faults: [], isQuiet: false }),
}
