import type { Counterexample, Told } from '../counterexample.js'
import type { ProcessId } from '../history.js'

/** An operation as a bar: columns are stamps that occur, counted from 0, so that every gap is as wide as any other. */
export interface Bar {
  readonly told: Told<unknown, unknown>
  /** What it is in the story: cut from the beginning and shown for orientation, part of what is wrong, or what is wrong. */
  readonly role: 'before' | 'part' | 'culprit'
  readonly row: number
  readonly from: number
  /** `null` if it never returned: the bar goes on to the edge. */
  readonly to: number | null
  /** Where in the order it takes effect, if the order has it. */
  readonly step: StepMark | null
}

/** A place in the order: its number, the column (with a fraction) where it is drawn, and the state after it. */
export interface StepMark {
  readonly number: number
  readonly at: number
  readonly stateAfter: string
}

/** A process, and the rows of its bars: more than one if something of unknown outcome stays open beside later operations. */
export interface Lane {
  readonly process: ProcessId
  readonly row: number
  readonly rows: number
}

export interface Layout {
  readonly columns: number
  readonly rows: number
  readonly lanes: readonly Lane[]
  readonly bars: readonly Bar[]
  /** How many steps of the order are before the first that is drawn. */
  readonly hidden: number
}

/** How many of the operations that were cut from the beginning are drawn. */
const contextMax = 6

/** Says where everything of a counterexample is drawn. */
export function layOut({ before, order, operations, culprit }: Counterexample<unknown, unknown>): Layout {
  const hidden = Math.max(before.length - contextMax, 0)
  const context = before.slice(hidden)
  const shown = [
    ...new Set([...context.map(({ operation }) => operation), ...operations.map(({ operation }) => operation)]),
  ]
  const stamps = shown.flatMap(({ invokedAt, returnedAt }) =>
    returnedAt === null ? [invokedAt] : [invokedAt, returnedAt],
  )
  const columnOf = new Map([...new Set(stamps)].sort((one, other) => one - other).map((stamp, at) => [stamp, at]))
  const column = (stamp: number): number => columnOf.get(stamp) ?? 0
  const marks = placeSteps([...context, ...order], hidden, column)
  const isContext = new Set(context.map(({ operation }) => operation))
  const told = [...context, ...operations].sort((one, other) => one.operation.invokedAt - other.operation.invokedAt)
  const { lanes, rowOf, rows } = assignRows(told)
  const bars = told.map((each): Bar => {
    const { operation } = each
    return {
      told: each,
      role: isContext.has(operation) ? 'before' : operation === culprit.operation ? 'culprit' : 'part',
      row: rowOf.get(each) ?? 0,
      from: column(operation.invokedAt),
      to: operation.returnedAt === null ? null : column(operation.returnedAt),
      step: marks.get(operation) ?? null,
    }
  })
  return { columns: columnOf.size, rows, lanes, bars, hidden }
}

/**
 * Puts the steps of an order from left to right, each within its bar: after the latest call of it and all before it, and those
 * of one gap evenly spread in it.
 */
function placeSteps(
  steps: Counterexample<unknown, unknown>['order'],
  hidden: number,
  column: (stamp: number) => number,
): Map<Told<unknown, unknown>['operation'], StepMark> {
  let latest = 0
  const gaps = steps.map(({ operation }) => (latest = Math.max(latest, column(operation.invokedAt))))
  const marks = new Map<Told<unknown, unknown>['operation'], StepMark>()
  steps.forEach(({ operation, stateAfter }, at) => {
    const gap = gaps[at] ?? 0
    const first = gaps.indexOf(gap)
    const count = gaps.lastIndexOf(gap) - first + 1
    marks.set(operation, { number: hidden + at + 1, at: gap + (at - first + 1) / (count + 1), stateAfter })
  })
  return marks
}

/** Each process has rows of its own, as many as it has operations open at once. Expects the operations in the order of calls. */
function assignRows(told: readonly Told<unknown, unknown>[]): {
  lanes: Lane[]
  rows: number
  rowOf: Map<Told<unknown, unknown>, number>
} {
  const ends = new Map<ProcessId, number[]>()
  const within = new Map<Told<unknown, unknown>, number>()
  for (const each of told) {
    const { invokedAt, returnedAt } = each.operation
    const rows = ends.get(each.process) ?? []
    const free = rows.findIndex((end) => end < invokedAt)
    const row = free < 0 ? rows.length : free
    rows[row] = returnedAt ?? Infinity
    ends.set(each.process, rows)
    within.set(each, row)
  }
  let rows = 0
  const lanes = [...ends]
    .sort(([one], [other]) => compareProcesses(one, other))
    .map(([process, { length }]): Lane => {
      const lane = { process, row: rows, rows: length }
      rows += length
      return lane
    })
  const first = new Map(lanes.map(({ process, row }) => [process, row]))
  const rowOf = new Map([...within].map(([each, row]) => [each, (first.get(each.process) ?? 0) + row]))
  return { lanes, rows, rowOf }
}

/** Numbers by their size, before names by code unit. */
function compareProcesses(one: ProcessId, other: ProcessId): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other
  if (typeof one !== typeof other) return typeof one === 'number' ? -1 : 1
  return one < other ? -1 : 1
}
