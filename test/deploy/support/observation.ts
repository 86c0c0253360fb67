// What deploy/observation says to Prometheus and Grafana: its rules and dashboards as they stand in the built bundle, and which
// metrics, labels and values their expressions speak of.
import { parse } from 'yaml'
import type { KubeObject, Part } from './bundle.ts'

export interface Rule {
  alert: string
  expr: string
  for?: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

export interface Panel {
  id: number
  type: string
  title: string
  description?: string
  gridPos: { x: number; y: number; w: number; h: number }
  datasource?: { type: string; uid: string }
  fieldConfig?: { defaults: { unit?: string } }
  targets?: { refId: string; expr: string; legendFormat: string }[]
}

export interface Dashboard {
  uid: string
  title: string
  schemaVersion: number
  templating: { list: { name: string; type: string; query: string }[] }
  panels: Panel[]
}

/** An expression, and where it stands. */
export interface Query {
  where: string
  expr: string
  /** Labels that a text shows beside the expression's own. */
  shown: string[]
}

/** The objects of a Kustomization of the bundle. */
export function objectsIn(parts: readonly Part[], name: string): KubeObject[] {
  return parts.find((part) => part.name === name)?.objects ?? []
}

export function rulesOf(objects: readonly KubeObject[]): Rule[] {
  return objects
    .filter(({ kind }) => kind === 'PrometheusRule')
    .flatMap(({ spec }) => spec.groups.flatMap(({ rules }: { rules: Rule[] }) => rules))
}

export function dashboardsOf(objects: readonly KubeObject[]): Dashboard[] {
  return objects
    .filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata.labels?.['grafana_dashboard'])
    .flatMap(({ data }) => Object.values<string>(data).map((text) => parse(text) as Dashboard))
}

/** Every expression of rules and dashboards, with Grafana's interval put in. */
export function queriesOf(rules: readonly Rule[], dashboards: readonly Dashboard[]): Query[] {
  const ofRules = rules.map(({ alert, expr, annotations }) => ({
    where: alert,
    expr,
    shown: find(/\$labels\.(\w+)/g, Object.values(annotations).join(' ')),
  }))
  const ofPanels = dashboards.flatMap(({ uid, panels }) =>
    panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr, legendFormat }) => ({
        where: `${uid}, ${title}`,
        expr: expr.replaceAll('$__rate_interval', '30s'),
        shown: find(/\{\{\s*(\w+)\s*\}\}/g, legendFormat),
      })),
    ),
  )
  return [...ofRules, ...ofPanels]
}

/** A name with its matchers in an expression. */
export interface Selector {
  name: string
  matchers: { label: string; operator: string; value: string }[]
}

const NOT_NAMES = new Set([
  'and',
  'or',
  'unless',
  'bool',
  'by',
  'on',
  'ignoring',
  'offset',
  'e',
  'inf',
])

/** What an expression reads, and the labels that it groups or joins by. */
export function readExpression(expr: string): { selectors: Selector[]; grouped: string[] } {
  const grouping = /\b(?:by|on|without|ignoring)\s*\(([^)]*)\)/g
  const grouped = find(grouping, expr).flatMap((list) => list.split(/[\s,]+/).filter(Boolean))
  const rest = expr.replaceAll(grouping, ' ').replaceAll(/\[[^\]]*\]/g, ' ')
  const selectors: Selector[] = []
  for (const found of rest.matchAll(/"[^"]*"|([a-zA-Z_:][\w:]*)\s*(\(|\{([^}]*)\})?/g)) {
    const [, name, after, inner = ''] = found
    const isNumber = /[\d.]/.test(rest[found.index - 1] ?? '')
    if (name === undefined || after === '(' || NOT_NAMES.has(name) || isNumber) continue
    const matchers = [...inner.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(
      ([, label = '', operator = '', value = '']) => ({ label, operator, value }),
    )
    selectors.push({ name, matchers })
  }
  return { selectors, grouped }
}

/** Of each name of a sample the labels of its series. */
export type Exposition = Map<string, Record<string, string>[]>

/** Reads Prometheus' text format. */
export function readExposition(text: string, into: Exposition = new Map()): Exposition {
  for (const line of text.split('\n')) {
    const [, name, inner = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+/.exec(line) ?? []
    if (name === undefined) continue
    const labels = [...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(
      ([, label = '', value = '']) => [label, value],
    )
    into.set(name, [...(into.get(name) ?? []), Object.fromEntries(labels)])
  }
  return into
}

/** What Prometheus itself adds to each series. */
const OF_TARGET = ['job', 'instance', 'le']

/** What an expression speaks of and the scrapes have not, each as a sentence. */
export function unknownIn({ where, expr, shown }: Query, known: Exposition): string[] {
  const { selectors, grouped } = readExpression(expr)
  const found: string[] = []
  const labels = new Set(OF_TARGET)
  for (const { name, matchers } of selectors) {
    const series = known.get(name)
    if (!series) {
      found.push(`${where}: there is no metric ${name}`)
      continue
    }
    for (const each of series) for (const label of Object.keys(each)) labels.add(label)
    const left = series.filter((each) =>
      matchers.every((matcher) => OF_TARGET.includes(matcher.label) || matches(each, matcher)),
    )
    if (left.length === 0) found.push(`${where}: no series of ${name} is ${show(matchers)}`)
  }
  for (const label of [...grouped, ...shown]) {
    if (!labels.has(label)) found.push(`${where}: there is no label ${label}`)
  }
  return found
}

/** Each alternative of a pattern has to be the value of some series: `wrong|throttled` are two. */
export function unknownValuesIn({ where, expr }: Query, known: Exposition): string[] {
  return readExpression(expr).selectors.flatMap(({ name, matchers }) =>
    matchers
      .filter(({ label, value }) => !OF_TARGET.includes(label) && /^[\w|-]+$/.test(value))
      .flatMap(({ label, value }) => value.split('|').map((word) => ({ label, word })))
      .filter(({ label, word }) => !known.get(name)?.some((each) => each[label] === word))
      .map(({ label, word }) => `${where}: ${name} has no ${label} "${word}"`),
  )
}

function matches(
  series: Record<string, string>,
  { label, operator, value }: Selector['matchers'][0],
) {
  const is = series[label] ?? ''
  if (operator === '=') return is === value
  if (operator === '!=') return is !== value
  return new RegExp(`^(?:${value})$`).test(is) === (operator === '=~')
}

const show = (matchers: Selector['matchers']) =>
  matchers.map(({ label, operator, value }) => `${label}${operator}"${value}"`).join(', ')

function find(pattern: RegExp, text: string): string[] {
  return [...text.matchAll(pattern)].map(([, group = '']) => group)
}
