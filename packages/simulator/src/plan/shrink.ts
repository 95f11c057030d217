import type { Plan } from './plan.js'
import type { Selection } from './select.js'

/** What a search for a smaller failure needs. */
export interface ShrinkOptions {
  /** True if this much of the plan still fails. */
  readonly fails: (selection: Selection) => Promise<boolean>
  /** Runs that may be spent. */
  readonly runsMax: number
  readonly onSmaller?: (selection: Selection) => void
}

/**
 * Reduces what fails: leaves out faults as long as it still does (delta debugging: halves first, then ever smaller parts),
 * then callers. What is left is rarely the smallest, and nearly always readable.
 */
export async function shrink(plan: Plan, { fails, runsMax, onSmaller }: ShrinkOptions): Promise<Selection> {
  let smallest: Selection = { keep: plan.faults.map((_, at) => at) }
  let runs = 0
  const holds = async (selection: Selection): Promise<boolean> => {
    if (runs >= runsMax) return false
    runs += 1
    if (!(await fails(selection))) return false
    smallest = selection
    onSmaller?.(selection)
    return true
  }
  await leaveOutFaults(smallest.keep ?? [], (keep) => holds({ ...smallest, keep }))
  const { clients, atOnce } = plan.load
  for (let fewer = 1; fewer < clients; fewer += 1) if (await holds({ ...smallest, clients: fewer })) break
  for (let fewer = 1; fewer < atOnce; fewer += 1) if (await holds({ ...smallest, atOnce: fewer })) break
  return smallest
}

async function leaveOutFaults(
  all: readonly number[],
  holds: (keep: readonly number[]) => Promise<boolean>,
): Promise<void> {
  if (await holds([])) return
  let keep = all
  for (let parts = 2; keep.length > 1 && parts <= keep.length;) {
    const size = Math.ceil(keep.length / parts)
    let isSmaller = false
    for (let start = 0; start < keep.length && !isSmaller; start += size) {
      const without = [...keep.slice(0, start), ...keep.slice(start + size)]
      isSmaller = await holds(without)
      if (isSmaller) keep = without
    }
    if (isSmaller) parts = Math.max(2, parts - 1)
    else if (size === 1) return
    else parts = Math.min(keep.length, parts * 2)
  }
}
