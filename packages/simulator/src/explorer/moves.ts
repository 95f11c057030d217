/** What can happen next. `argument` is a member's ordinal, or a message's number. */
export interface Move {
  readonly kind: MoveKind
  readonly argument: number
}

/** Kinds of moves, by what has to be there for them. */
export type MoveKind = 'timeout' | 'beat' | 'propose' | 'persist' | 'crash' | 'deliver' | 'duplicate'

/** What is left of each bound, in one word: five bits each. */
export const budgetFields = ['timeouts', 'proposals', 'beats', 'crashes', 'duplicates'] as const

/** The name of a bound. */
export type BudgetField = (typeof budgetFields)[number]

/** The largest bound. */
export const budgetMax = 31

/** How far a bound's bits are shifted. */
function shiftOf(field: BudgetField): number {
  return budgetFields.indexOf(field) * 5
}

export function packBudget(left: Readonly<Record<BudgetField, number>>): number {
  let word = 0
  for (const field of budgetFields) {
    const count = left[field]
    if (!Number.isInteger(count) || count < 0 || count > budgetMax) {
      throw new RangeError(`${field} is a whole number from 0 to ${budgetMax}, not ${count}`)
    }
    word |= count << shiftOf(field)
  }
  return word
}

export function leftOf(budget: number, field: BudgetField): number {
  return (budget >>> shiftOf(field)) & budgetMax
}

/** One less of it. */
export function spent(budget: number, field: BudgetField): number {
  return budget - (1 << shiftOf(field))
}
