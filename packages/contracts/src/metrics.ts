/** Names and values that tell one series of a metric from another: `{ channel: 'log' }`. */
export type MetricLabels = Readonly<Record<string, string>>

/** A number that only grows. */
export interface Counter {
  /** By 1 unless told otherwise; never by less than 0. */
  add(by?: number): void
}

/** How often values were at most so large. */
export interface Histogram {
  observe(value: number): void
}

/** One value of a gauge, with the labels of its series. */
export interface GaugeSample {
  readonly labels: MetricLabels
  readonly value: number
}

/**
 * Where a part keeps its numbers for an operator: a small registry in Prometheus' terms. Names end in their unit
 * (`_seconds`, `_bytes`) and those of counters in `_total`.
 *
 * A name and its labels are registered once. An implementation may hand everything on to another registry.
 */
export interface Metrics {
  counter(name: string, help: string, labels?: MetricLabels): Counter
  /** `bounds`: the largest values of the buckets, ascending; one without a bound is added. */
  histogram(name: string, help: string, bounds: readonly number[], labels?: MetricLabels): Histogram
  /** `read` is called whenever somebody looks: one value, or one for each series. */
  gauge(name: string, help: string, read: () => number | readonly GaugeSample[]): void
  /** Everything in Prometheus' text format, version 0.0.4. */
  text(): string | Promise<string>
}
