import { describe, expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

describe('metrics in the text format 0.0.4', () => {
  test('counters with and without labels', () => {
    const metrics = createMetrics()
    metrics.counter('hits_total', 'Hits.').inc()
    metrics.counter('answers_total', 'Answers.', { class: '2xx' }).inc(3)
    metrics.counter('answers_total', 'Answers.', { class: '5xx' })
    expect(metrics.text()).toBe(`# HELP hits_total Hits.
# TYPE hits_total counter
hits_total 1
# HELP answers_total Answers.
# TYPE answers_total counter
answers_total{class="2xx"} 3
answers_total{class="5xx"} 0
`)
  })

  test('the same name and labels are the same counter', () => {
    const metrics = createMetrics()
    metrics.counter('hits_total', 'Hits.', { a: 'b' }).inc()
    metrics.counter('hits_total', 'Hits.', { a: 'b' }).inc()
    expect(metrics.text()).toContain('hits_total{a="b"} 2\n')
  })

  test('gauges are read at the scrape', () => {
    const metrics = createMetrics()
    let depth = 1
    metrics.gauge('queue_depth', 'Depth.', () => depth)
    depth = 5
    expect(metrics.text()).toContain('queue_depth 5\n')
  })

  test('histogram buckets are cumulative and end with +Inf', () => {
    const metrics = createMetrics()
    const seconds = metrics.histogram('wait_seconds', 'Wait.', [0.1, 1])
    for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe(value)
    expect(metrics.text()).toBe(`# HELP wait_seconds Wait.
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.1"} 2
wait_seconds_bucket{le="1"} 3
wait_seconds_bucket{le="+Inf"} 4
wait_seconds_sum 7.65
wait_seconds_count 4
`)
  })

  test('quotes, backslashes and line breaks in label values are escaped', () => {
    const metrics = createMetrics()
    metrics.counter('odd_total', 'Odd.', { host: 'a"b\\c\nd' })
    expect(metrics.text()).toContain('odd_total{host="a\\"b\\\\c\\nd"} 0\n')
  })

  test('one name cannot be two types', () => {
    const metrics = createMetrics()
    metrics.counter('x_total', 'X.')
    expect(() => metrics.gauge('x_total', 'X.', () => 0)).toThrow(
      'x_total is a counter, not a gauge',
    )
  })
})
