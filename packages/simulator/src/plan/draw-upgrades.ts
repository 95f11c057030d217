import type { Dice } from './dice.js'
import type { Code, Fault } from './fault.js'

/**
 * A rolling upgrade: each member in turn gets the later code. In half of all plans some of them go back first, which they
 * may while no later version is active; in some, one of them goes back when it is too late, and has to be refused.
 */
export function drawUpgrades(dice: Dice, members: number, safetyMs: number): readonly Fault[] {
  const order = shuffled(dice, members)
  const steps: { readonly who: number; readonly code: Code }[] = []
  if (dice.percent(50)) {
    const some = order.slice(0, dice.between(1, members - 1))
    for (const code of ['later', 'first'] as const) steps.push(...some.map((who) => ({ who, code })))
  }
  steps.push(...order.map((who) => ({ who, code: 'later' as const })))
  if (dice.percent(40)) steps.push({ who: dice.random.nextInt(members), code: 'first' })
  const everyMs = Math.floor((safetyMs * 0.9) / (steps.length + 1))
  return steps.map(({ who, code }, at) => ({
    kind: 'upgrade',
    atMs: (at + 1) * everyMs + dice.random.nextInt(Math.max(1, Math.floor(everyMs / 2))),
    who,
    code,
    how: dice.pick(['kill', 'kill', 'powerCut']),
    forMs: dice.between(10, 200),
  }))
}

function shuffled(dice: Dice, members: number): readonly number[] {
  const left = Array.from({ length: members }, (_, at) => at)
  return Array.from({ length: members }, () => left.splice(dice.random.nextInt(left.length), 1)[0] ?? 0)
}
