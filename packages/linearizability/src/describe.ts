import { describeTold, whyNot, type Counterexample, type Told } from './counterexample.js'

/** How many of the operations that might come next are listed, and how many of those that were cut from the beginning. */
const shownMax = 12
const contextMax = 4

/** A counterexample as plain text for a terminal: what is left of the history, the order that gets furthest, and why no further. */
export function describeCounterexample(counterexample: Counterexample<unknown, unknown>): string {
  const { part, operations, operationsOfHistory, operationsOfPart, starts, culprit } = counterexample
  const where = part === '' ? '' : ` on ${part}`
  const of = part === '' ? `${operationsOfHistory}` : `${operationsOfPart} on ${part}, ${operationsOfHistory} in all`
  return [
    `No order explains ${describeTold(culprit)}${where}.`,
    '',
    `The smallest part that shows it (${operations.length} of ${of}):`,
    '',
    ...inColumns([
      ['', 'state before', starts.join(' or ')],
      ...operations.map((told) => [String(told.process), describeTold(told), stamps(told)]),
    ]),
    '',
    ...describeOrder(counterexample),
    '',
    ...describeBlocked(counterexample),
  ].join('\n')
}

function stamps({ operation: { invokedAt, returnedAt } }: Told<unknown, unknown>): string {
  return returnedAt === null ? `${invokedAt} to ?` : `${invokedAt} to ${returnedAt}`
}

function describeOrder({ before, start, order }: Counterexample<unknown, unknown>): string[] {
  const steps = [...before, ...order]
  const hidden = Math.max(before.length - contextMax, 0)
  if (steps.length === 0) return [`Nothing can come first, from state ${start}.`]
  const rows = steps.map((told, at) => [
    `${at + 1}.`,
    String(told.process),
    describeTold(told),
    `state ${told.stateAfter}`,
  ])
  const origin = hidden > 0 ? ['…', '', '', ''] : before.length === 0 ? ['', '', 'at first', `state ${start}`] : []
  return [
    'An order that gets furthest:',
    '',
    ...inColumns([origin, ...rows.slice(hidden)].filter((row) => row.length > 0)),
  ]
}

function describeBlocked({ blocked, order, start }: Counterexample<unknown, unknown>): string[] {
  const state = order.at(-1)?.stateAfter ?? start
  const rows = blocked.slice(0, shownMax).map((told) => {
    return [told.isCulprit ? '✗' : '', String(told.process), describeTold(told), whyNot(told)]
  })
  const more = blocked.length - shownMax
  return [
    `From state ${state}, none of these can come next:`,
    '',
    ...inColumns(rows),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ]
}

function inColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((most, row) => {
    row.forEach((cell, at) => (most[at] = Math.max(most[at] ?? 0, cell.length)))
    return most
  }, [])
  return rows.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd())
}
