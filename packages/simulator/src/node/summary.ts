import type { Report } from '../simulate.js'

/** What several runs came to, together. */
export interface Totals {
  runs: number
  simulatedMs: number
  /** Processor time that it took, in milliseconds. */
  cpuMs: number
  acknowledged: number
  counters: Record<string, number>
  failures: { readonly seed: number; readonly violation: string }[]
}

/** Nothing yet. */
export function noTotals(): Totals {
  return { runs: 0, simulatedMs: 0, cpuMs: 0, acknowledged: 0, counters: {}, failures: [] }
}

/** Takes one run in. */
export function addTo(totals: Totals, report: Report, cpuMs: number): void {
  const { seed, violation, simulatedMs, acknowledged, counters } = report
  totals.runs += 1
  totals.cpuMs += cpuMs
  totals.simulatedMs += simulatedMs
  totals.acknowledged += acknowledged
  for (const [what, count] of Object.entries(counters)) totals.counters[what] = (totals.counters[what] ?? 0) + count
  if (violation !== null) totals.failures.push({ seed, violation })
}

/** A page of text: what happened how often, and what it came to. */
export function describeTotals(totals: Totals): string {
  const counters = Object.entries(totals.counters)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([what, count]) => `${count.toLocaleString('en').padStart(12)}  ${what}`)
  const seconds = Math.round(totals.simulatedMs / 1_000).toLocaleString('en')
  return [
    ...counters,
    `${totals.runs.toLocaleString('en')} runs, ${seconds} simulated seconds, ${totals.acknowledged.toLocaleString('en')} commands acknowledged, ${totals.failures.length} violations`,
  ].join('\n')
}
