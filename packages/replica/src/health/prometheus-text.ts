import type { MetricLabels } from '@quorate/contracts'

/** One line of a series: `suffix` stands behind the name. */
export interface Line {
  readonly suffix: string
  readonly labels: MetricLabels
  readonly value: number
}

/** One series of a metric, or several that are read together. */
export interface Series {
  readonly labels: MetricLabels
  readonly read: () => readonly Line[]
}

/** A metric with all its series. */
export interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly series: readonly Series[]
}

/** Metrics in the text format that Prometheus scrapes, version 0.0.4. */
export function prometheusText(families: readonly Family[]): string {
  return families.map(familyText).join('')
}

function familyText({ name, help, type, series }: Family): string {
  const lines = series.flatMap(({ read }) => read())
  const head = `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`
  return (
    head +
    lines.map(({ suffix, labels, value }) => `${name}${suffix}${labelText(labels)} ${valueText(value)}\n`).join('')
  )
}

function labelText(labels: MetricLabels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function valueText(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}
