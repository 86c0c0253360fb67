// Counters, gauges and histograms, printed in Prometheus' text format 0.0.4. Handles are made at start
// and kept, so that counting costs an addition.

export type Labels = Readonly<Record<string, string>>
export type Counter = { inc(by?: number): void }
export type Histogram = { observe(value: number): void }

export type Metrics = {
  /** Only goes up; its name ends in `_total`. The same name and labels give the same handle. */
  counter(name: string, help: string, labels?: Labels): Counter
  /** `read` is called for each scrape and must be cheap; the last one registered counts. */
  gauge(name: string, help: string, read: () => number, labels?: Labels): void
  /** `buckets` are upper bounds, inclusive and ascending. */
  histogram(name: string, help: string, buckets: readonly number[], labels?: Labels): Histogram
  /** Everything, for a scrape. */
  text(): string
}

type Series = { lines(name: string, labels: Labels): string[] }
type Family = {
  type: string
  help: string
  series: Map<string, { labels: Labels; series: Series }>
}

/** An empty registry. */
export function createMetrics(): Metrics {
  const families = new Map<string, Family>()

  function find(type: string, name: string, help: string): Family {
    const family = families.get(name) ?? { type, help, series: new Map() }
    if (family.type !== type) throw new Error(`${name} is a ${family.type}, not a ${type}`)
    families.set(name, family)
    return family
  }

  function obtain<S extends Series>(family: Family, labels: Labels, make: () => S): S {
    const key = formatLabels(labels)
    const known = family.series.get(key)
    if (known !== undefined) return known.series as S
    const series = make()
    family.series.set(key, { labels, series })
    return series
  }

  return {
    counter: (name, help, labels = {}) => obtain(find('counter', name, help), labels, newCounter),
    gauge(name, help, read, labels = {}) {
      const series = { lines: (line: string, own: Labels) => [sample(line, own, read())] }
      find('gauge', name, help).series.set(formatLabels(labels), { labels, series })
    },
    histogram: (name, help, buckets, labels = {}) =>
      obtain(find('histogram', name, help), labels, () => newHistogram(buckets)),
    text: () => [...families].map(([name, family]) => formatFamily(name, family)).join(''),
  }
}

function newCounter(): Counter & Series {
  let value = 0
  return {
    inc(by = 1) {
      value += by
    },
    lines: (name, labels) => [sample(name, labels, value)],
  }
}

function newHistogram(buckets: readonly number[]): Histogram & Series {
  const counts = buckets.map(() => 0)
  let sum = 0
  let count = 0
  return {
    observe(value) {
      sum += value
      count += 1
      const index = buckets.findIndex((bound) => value <= bound)
      if (index >= 0) counts[index] = (counts[index] ?? 0) + 1
    },
    lines(name, labels) {
      let below = 0
      const bounded = buckets.map((bound, index) => {
        below += counts[index] ?? 0
        return sample(`${name}_bucket`, { ...labels, le: String(bound) }, below)
      })
      return [
        ...bounded,
        sample(`${name}_bucket`, { ...labels, le: '+Inf' }, count),
        sample(`${name}_sum`, labels, sum),
        sample(`${name}_count`, labels, count),
      ]
    },
  }
}

function formatFamily(name: string, { type, help, series }: Family): string {
  const head = [`# HELP ${name} ${escapeText(help, false)}`, `# TYPE ${name} ${type}`]
  const lines = [...series.values()].flatMap((entry) => entry.series.lines(name, entry.labels))
  return `${[...head, ...lines].join('\n')}\n`
}

function sample(name: string, labels: Labels, value: number): string {
  return `${name}${formatLabels(labels)} ${value}`
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escapeText(value, true)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeText(text: string, quoted: boolean): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return quoted ? escaped.replaceAll('"', '\\"') : escaped
}
