import { describeTold, type Counterexample } from '../counterexample.js'
import { escapeHtml as escape } from './escape.js'
import type { Bar, Lane, Layout, StepMark } from './layout.js'

/** Pixels. A row holds a bar, and below its edge the marks of the order. */
const rowHeight = 50
const barHeight = 28
const top = 18
const letter = 7.3
const margin = 20
const pageWidth = 1130
/** Right of the last column, for the text of what begins there. */
const overhang = 84

/** Where things are on the drawing. */
interface Scale {
  readonly left: number
  readonly right: number
  readonly height: number
  readonly x: (column: number) => number
  readonly y: (row: number) => number
}

/** The timeline itself: a bar for each operation, and the order as a line through them. */
export function drawTimeline(layout: Layout, counterexample: Counterexample<unknown, unknown>): string {
  const scale = scaleOf(layout)
  return [
    `<svg role="img" aria-label="${escape(`No order explains ${describeTold(counterexample.culprit)}`)}"`,
    ` width="${scale.right + margin}" height="${scale.height}">`,
    '<defs><linearGradient id="open"><stop offset="0.55" stop-color="#fff"/><stop offset="1" stop-color="#000"/></linearGradient>',
    '<mask id="fade" maskContentUnits="objectBoundingBox"><rect width="1" height="1" fill="url(#open)"/></mask></defs>',
    ...layout.lanes.map((lane, at) => drawLane(lane, at, scale)),
    ...Array.from({ length: layout.columns }, (_, column) => {
      return `<line class="grid" x1="${scale.x(column)}" x2="${scale.x(column)}" y1="${top}" y2="${scale.height - 6}"/>`
    }),
    drawOrder(layout, scale),
    ...layout.bars.map((bar) => drawBar(bar, roomFor(bar, layout, scale), scale)),
    ...drawSteps(layout, scale),
    '</svg>',
  ].join('\n')
}

function scaleOf({ columns, rows, lanes, bars }: Layout): Scale {
  const left = margin + 14 + letter * Math.max(...lanes.map(({ process }) => String(process).length))
  // Wide enough that bars hold their text, if the whole then fits on a page.
  const wishes = bars.map(({ told, from, to }) => {
    return (letter * describeTold(told).length + 22) / ((to ?? columns) - from || 1)
  })
  const width = Math.max(Math.min(Math.max(...wishes), 120, (pageWidth - left) / columns), 34)
  return {
    left,
    right: left + width * columns + overhang,
    height: top + rows * rowHeight + 6,
    x: (column) => Math.round((left + width * column) * 10) / 10,
    y: (row) => top + row * rowHeight,
  }
}

function drawLane({ process, row, rows }: Lane, at: number, { left, y }: Scale): string {
  const shade = at % 2 === 0 ? '' : ' odd'
  return [
    `<rect class="lane${shade}" x="0" y="${y(row) - 9}" width="100%" height="${rows * rowHeight}"/>`,
    `<text class="process" x="${left - 14}" y="${y(row) + barHeight / 2 + 5}">${escape(String(process))}</text>`,
  ].join('')
}

function drawBar(bar: Bar, roomWidth: number, scale: Scale): string {
  const { told, role, row, from, to } = bar
  const x = scale.x(from)
  const width = Math.max((to === null ? scale.right : scale.x(to)) - x, 6)
  const text = `${role === 'culprit' ? '✗ ' : ''}${describeTold(told)}`
  const room = Math.floor((roomWidth - 14) / letter)
  const label = text.length <= room ? text : room < 2 ? '' : `${text.slice(0, room - 1)}…`
  return [
    `<g class="bar ${role}${to === null ? ' unknown' : ''}" tabindex="0" data-tip="${escape(tipOf(bar))}">`,
    `<rect x="${x}" y="${scale.y(row)}" width="${width}" height="${barHeight}" rx="5"${to === null ? ' mask="url(#fade)"' : ''}/>`,
    `<line class="edge" x1="${x}" x2="${x}" y1="${scale.y(row)}" y2="${scale.y(row) + barHeight}"/>`,
    to === null
      ? ''
      : `<line class="edge" x1="${x + width}" x2="${x + width}" y1="${scale.y(row)}" y2="${scale.y(row) + barHeight}"/>`,
    `<text x="${x + 9}" y="${scale.y(row) + barHeight / 2 + 4}">${escape(label)}</text></g>`,
  ].join('')
}

/** A text may be longer than its bar, up to the next one in its row. */
function roomFor(bar: Bar, { bars }: Layout, { x, right }: Scale): number {
  const next = bars.filter(({ row, from }) => row === bar.row && from > bar.from).map(({ from }) => x(from))
  return Math.min(right, ...next) - x(bar.from)
}

function tipOf({ told, role, step }: Bar): string {
  const { operation, process } = told
  const until = operation.returnedAt === null ? 'outcome unknown' : `returned at ${operation.returnedAt}`
  const place = step === null ? [] : [`step ${step.number}: the state is then ${step.stateAfter}`]
  const story = { before: ['cut from the beginning'], part: [], culprit: ['no order explains this one'] }[role]
  return [
    describeTold(told),
    `process ${process}, called at ${operation.invokedAt}, ${until}`,
    ...place,
    ...story,
  ].join('\n')
}

function drawOrder(layout: Layout, scale: Scale): string {
  const points = marksOf(layout, scale).map(({ x, y }) => `${x},${y}`)
  return `<polyline class="order" points="${points.join(' ')}"/>`
}

function drawSteps(layout: Layout, scale: Scale): string[] {
  return marksOf(layout, scale).map(({ x, y, number, stateAfter, told }) => {
    const tip = `step ${number}: ${describeTold(told)}\nthe state is then ${stateAfter}`
    return [
      `<g class="step" data-tip="${escape(tip)}"><circle cx="${x}" cy="${y}" r="9"/>`,
      `<text x="${x}" y="${y + 3.5}">${number}</text></g>`,
    ].join('')
  })
}

interface Mark extends StepMark {
  readonly told: Bar['told']
  readonly x: number
  readonly y: number
}

/** The steps of the order, first first, below the edge of their bars. */
function marksOf({ bars }: Layout, { x, y }: Scale): Mark[] {
  return bars
    .flatMap(({ step, row, told }) => {
      return step === null ? [] : [{ ...step, told, x: x(step.at), y: y(row) + barHeight + 4 }]
    })
    .sort((one, other) => one.number - other.number)
}
