import { callGuarded, describeError, type Counter, type Histogram, type Logger, type Metrics } from '@quorate/contracts'

/**
 * The same registry, whose counters and histograms stop nothing. They are called between a command and its caller, and
 * within the loop: what they throw, or reject later, would end a command that was carried out as a failure, or the member.
 * The first failure is logged; a series that cannot be registered is not counted.
 */
export function guardedMetrics(metrics: Metrics, logger: Logger): Metrics {
  let isLogged = false
  const onError = (error: unknown): void => {
    if (isLogged) return
    isLogged = true
    logger.error({ error: describeError(error) }, 'the registry of metrics failed: some numbers are missing')
  }
  const made = <Made>(make: () => Made): Made | null => {
    try {
      return make()
    } catch (error) {
      onError(error)
      return null
    }
  }
  return {
    counter: (name, help, labels): Counter => {
      const counter = made(() => metrics.counter(name, help, labels))
      return { add: (by) => callGuarded(() => counter?.add(by), onError) }
    },
    histogram: (name, help, bounds, labels): Histogram => {
      const histogram = made(() => metrics.histogram(name, help, bounds, labels))
      return { observe: (value) => callGuarded(() => histogram?.observe(value), onError) }
    },
    gauge: (name, help, read) => callGuarded(() => metrics.gauge(name, help, read), onError),
    text: () => metrics.text(),
  }
}
