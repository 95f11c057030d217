/** Kinds of moves. The last two have a message's number for an argument, the others a member's ordinal. */
export const moveKinds = ['timeout', 'beat', 'propose', 'persist', 'crash', 'deliver', 'duplicate'] as const

export type MoveKind = (typeof moveKinds)[number]

/** What can happen next, in one word: a kind, and a message's number or a member's ordinal above it. */
export type Move = number

const kindBits = 3

export function moveOf(kind: MoveKind, argument: number): Move {
  return (argument << kindBits) | moveKinds.indexOf(kind)
}

export function kindOf(move: Move): MoveKind {
  return moveKinds[move & ((1 << kindBits) - 1)] ?? 'persist'
}

export function argumentOf(move: Move): number {
  return move >>> kindBits
}

/** What is left of each bound, in one word: five bits each. */
export const budgetFields = ['timeouts', 'proposals', 'beats', 'crashes', 'duplicates'] as const

/** The name of a bound. */
export type BudgetField = (typeof budgetFields)[number]

/** The largest bound. */
export const budgetMax = 31

const shifts: Readonly<Record<BudgetField, number>> = {
  ...{ timeouts: 0, proposals: 5, beats: 10, crashes: 15, duplicates: 20 },
}

export function packBudget(left: Readonly<Record<BudgetField, number>>): number {
  let word = 0
  for (const field of budgetFields) {
    const count = left[field]
    if (!Number.isInteger(count) || count < 0 || count > budgetMax) {
      throw new RangeError(`${field} is a whole number from 0 to ${budgetMax}, not ${count}`)
    }
    word |= count << shifts[field]
  }
  return word
}

export function leftOf(budget: number, field: BudgetField): number {
  return (budget >>> shifts[field]) & budgetMax
}

/** One less of it. */
export function spent(budget: number, field: BudgetField): number {
  return budget - (1 << shifts[field])
}
