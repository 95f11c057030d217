import { expect, test } from 'vitest'
import { MetricsRegistry } from '../src/index.js'

test('a registry writes what Prometheus reads: help, type, one line for each series', () => {
  const metrics = new MetricsRegistry()
  metrics.counter('a_total', 'First.\nSecond \\ line.', { way: 'in "quotes"\n' }).add(2)
  metrics.counter('a_total', 'First.', { way: 'b' }).add()
  metrics.gauge('g', 'One.', () => 1.5)
  metrics.gauge('each', 'Many.', () => [
    { labels: { peer: 'n1' }, value: Infinity },
    { labels: { peer: 'n2' }, value: -Infinity },
    { labels: { peer: 'n3' }, value: NaN },
  ])
  metrics.gauge('none', 'None now.', () => [])
  expect(metrics.text()).toBe(
    [
      '# HELP a_total First.\\nSecond \\\\ line.',
      '# TYPE a_total counter',
      'a_total{way="in \\"quotes\\"\\n"} 2',
      'a_total{way="b"} 1',
      '# HELP g One.',
      '# TYPE g gauge',
      'g 1.5',
      '# HELP each Many.',
      '# TYPE each gauge',
      'each{peer="n1"} +Inf',
      'each{peer="n2"} -Inf',
      'each{peer="n3"} NaN',
      '# HELP none None now.',
      '# TYPE none gauge',
      '',
    ].join('\n'),
  )
})

test('the buckets of a histogram count what is at most their bound, each with those below', () => {
  const metrics = new MetricsRegistry()
  const seconds = metrics.histogram('s', 'Took.', [0.1, 1], { kind: 'x' })
  for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe(value)
  expect(metrics.text().split('\n').slice(2, -1)).toEqual([
    's_bucket{kind="x",le="0.1"} 2',
    's_bucket{kind="x",le="1"} 3',
    's_bucket{kind="x",le="+Inf"} 4',
    's_sum{kind="x"} 7.65',
    's_count{kind="x"} 4',
  ])
})

test('a name that cannot be, one that is taken, and a counter that goes back are refused', () => {
  const metrics = new MetricsRegistry()
  const counter = metrics.counter('a_total', 'A.')
  expect(() => metrics.counter('a_total', 'A.')).toThrow('is there already')
  expect(() => metrics.gauge('a_total', 'A.', () => 1)).toThrow('is there already')
  expect(() => metrics.counter('a b', 'A.')).toThrow('"a b" cannot name a metric')
  expect(() => metrics.counter('b_total', 'A.', { 'x-y': '1' })).toThrow('"x-y" cannot name a metric or a label')
  expect(() => counter.add(-1)).toThrow(RangeError)
})
