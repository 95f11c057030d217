import type { Counter, GaugeSample, Histogram, MetricLabels, Metrics } from '@quorate/contracts'
import { prometheusText, type Family, type Series } from './prometheus-text.js'

const namePattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/**
 * The registry that a replica uses when it is given none: keeps numbers in memory and writes them as Prometheus reads
 * them. Registering throws a `TypeError` for a name that cannot be, or that is taken.
 */
export class MetricsRegistry implements Metrics {
  readonly #families = new Map<string, Family>()

  counter(name: string, help: string, labels: MetricLabels = {}): Counter {
    let value = 0
    this.#add(name, help, 'counter', { labels, read: () => [{ suffix: '', labels, value }] })
    return {
      add: (by = 1) => {
        if (!(by >= 0)) throw new RangeError(`the counter ${name} only grows: ${by} is not 0 or more`)
        value += by
      },
    }
  }

  histogram(name: string, help: string, bounds: readonly number[], labels: MetricLabels = {}): Histogram {
    const counts = bounds.map(() => 0)
    let sum = 0
    let count = 0
    const read: Series['read'] = () => {
      let below = 0
      const buckets = bounds.map((bound, at) => {
        below += counts[at] ?? 0
        return { suffix: '_bucket', labels: { ...labels, le: String(bound) }, value: below }
      })
      return [
        ...buckets,
        { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
        { suffix: '_sum', labels, value: sum },
        { suffix: '_count', labels, value: count },
      ]
    }
    this.#add(name, help, 'histogram', { labels, read })
    return {
      observe: (value) => {
        const at = bounds.findIndex((bound) => value <= bound)
        if (at >= 0) counts[at] = (counts[at] ?? 0) + 1
        sum += value
        count += 1
      },
    }
  }

  gauge(name: string, help: string, read: () => number | readonly GaugeSample[]): void {
    const samples = (): readonly GaugeSample[] => {
      const value = read()
      return typeof value === 'number' ? [{ labels: {}, value }] : value
    }
    this.#add(name, help, 'gauge', { labels: {}, read: () => samples().map((sample) => ({ suffix: '', ...sample })) })
  }

  text(): string {
    return prometheusText([...this.#families.values()])
  }

  #add(name: string, help: string, type: Family['type'], series: Series): void {
    for (const each of [name, ...Object.keys(series.labels)]) {
      if (!namePattern.test(each))
        throw new TypeError(`"${each}" cannot name a metric or a label: letters, digits and _`)
    }
    const family = this.#families.get(name) ?? { name, help, type, series: [] }
    const key = JSON.stringify(series.labels)
    const isTaken = family.type !== type || family.series.some((other) => JSON.stringify(other.labels) === key)
    if (isTaken)
      throw new TypeError(`the metric ${name} ${key} is there already: give each replica a registry of its own`)
    this.#families.set(name, { ...family, series: [...family.series, series] })
  }
}
