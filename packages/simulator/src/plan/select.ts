import type { Plan } from './plan.js'

/** What of a plan is wanted. What is left out stays as it was drawn. */
export interface Selection {
  /** Places of the faults to keep, from 0, in the order of time. */
  readonly keep?: readonly number[]
  readonly clients?: number
  /** Commands of one client under way at once. */
  readonly atOnce?: number
}

/** A plan with less in it: the same cluster, fewer faults, fewer callers. */
export function selectFrom(plan: Plan, { keep, clients, atOnce }: Selection): Plan {
  const kept = keep ? new Set(keep) : null
  return {
    ...plan,
    faults: kept ? plan.faults.filter((_, at) => kept.has(at)) : plan.faults,
    load: {
      ...plan.load,
      clients: clients ?? plan.load.clients,
      atOnce: atOnce ?? plan.load.atOnce,
    },
  }
}

/** The words on a command line that select it again. */
export function describeSelection({ keep, clients, atOnce }: Selection): string {
  const words = [
    keep === undefined ? '' : ` --keep ${keep.length === 0 ? 'none' : keep.join(',')}`,
    clients === undefined ? '' : ` --clients ${clients}`,
    atOnce === undefined ? '' : ` --at-once ${atOnce}`,
  ]
  return words.join('')
}
