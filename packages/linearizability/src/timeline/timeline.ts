import { describeTold, whyNot, type Counterexample } from '../counterexample.js'
import { drawTimeline } from './drawing.js'
import { escapeHtml as escape } from './escape.js'
import { layOut, type Layout } from './layout.js'
import { script, style } from './page.js'

/** How a timeline is shown. */
export interface TimelineOptions {
  /** Stands above it: the name of the history, say. */
  readonly title?: string
}

/**
 * A counterexample as one page of HTML that needs nothing else: a bar for each operation from its call to its return, the order
 * that gets furthest as a line through them, and the operation that no order explains. By day and by night.
 */
export function renderTimeline(
  counterexample: Counterexample<unknown, unknown>,
  options: TimelineOptions = {},
): string {
  const { culprit, part, operations, operationsOfHistory, starts } = counterexample
  const layout = layOut(counterexample)
  const title = options.title ?? 'Not linearizable'
  const where = part === '' ? '' : `, on ${part}`
  const who = typeof culprit.process === 'number' ? `process ${culprit.process}` : culprit.process
  const begins = starts.length === 1 ? `state ${starts[0]}` : `one of the states ${starts.join(', ')}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<p>${escape(title)}</p>
<h1>No order explains <code>${escape(describeTold(culprit))}</code> of ${escape(who)}${escape(where)}</h1>
<p>The smallest part that shows it: ${operations.length} of ${operationsOfHistory} operations, from ${escape(begins)} on. Time goes to the right, by order alone; what fades never returned.</p>
<div class="drawing">
${drawTimeline(layout, counterexample)}
</div>
<div class="tables">
<section><h2>An order that gets furthest</h2>${orderTable(counterexample, layout)}</section>
<section><h2>None of these can come next</h2>${blockedTable(counterexample)}</section>
</div>
<div id="tip" role="status"></div>
<script>${script}</script>
</body>
</html>
`
}

function orderTable({ before, order, start }: Counterexample<unknown, unknown>, { hidden }: Layout): string {
  const first = hidden > 0 ? `${hidden} steps before` : before.length > 0 ? null : `at first, state ${start}`
  const origin = first === null ? '' : `<tr><td></td><td class="soft" colspan="3">${escape(first)}</td></tr>`
  const steps = [...before, ...order].slice(hidden).map((told, at) => {
    const role = at + hidden < before.length ? ' class="before"' : ''
    const cells = [told.process, describeTold(told), `state ${told.stateAfter}`].map(
      (cell) => `<td>${escape(String(cell))}</td>`,
    )
    return `<tr${role}><td class="number">${hidden + at + 1}</td>${cells.join('')}</tr>`
  })
  return `<table>${origin}${steps.join('')}</table>`
}

function blockedTable({ blocked }: Counterexample<unknown, unknown>): string {
  const rows = blocked.map((told) => {
    const cells = [told.isCulprit ? '✗' : '', told.process, describeTold(told), whyNot(told)]
    return `<tr${told.isCulprit ? ' class="culprit"' : ''}>${cells.map((cell) => `<td>${escape(String(cell))}</td>`).join('')}</tr>`
  })
  return `<table>${rows.join('')}</table>`
}
