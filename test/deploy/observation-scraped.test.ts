// Every query of alerts and dashboards has an answer: a real Prometheus scrapes the real services.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requirePeer } from '../support/peers.ts'
import { buildBundle, type KubeObject, type Part } from './support/bundle.ts'
import {
  type Dashboard,
  dashboardsOf,
  type Exposition,
  objectsIn,
  type Query,
  queriesOf,
  type Rule,
  readExposition,
  rulesOf,
  unknownIn,
  unknownValuesIn,
} from './support/observation.ts'
import { alertCases } from './support/observation-alerts.ts'
import { othersText, upText } from './support/observation-others.ts'
import {
  type Prometheus,
  type Scene,
  startPrometheus,
  startScene,
} from './support/observation-scene.ts'

const hasPeers = [requirePeer('promtool'), requirePeer('flux')].every(Boolean)

let parts: Part[]
let objects: KubeObject[]
let rules: Rule[]
let dashboards: Dashboard[]
let queries: Query[]

beforeAll(async () => {
  if (!hasPeers) return
  parts = await buildBundle()
  objects = objectsIn(parts, 'observation')
  rules = rulesOf(objects)
  dashboards = dashboardsOf(objects)
  queries = queriesOf(rules, dashboards)
})

describe.skipIf(!hasPeers)('with the services and Prometheus at work', () => {
  let scene: Scene
  let prometheus: Prometheus
  let known: Exposition

  beforeAll(async () => {
    scene = await startScene()
    known = readExposition(othersText + upText + (await scene.scrape()))
    prometheus = await startPrometheus(scene, [{ name: 'all', rules }])
  })
  afterAll(async () => {
    await prometheus?.[Symbol.asyncDispose]()
    await scene?.[Symbol.asyncDispose]()
  })

  test('every metric, label and value that a query speaks of is told by somebody', () => {
    expect(queries.length).toBeGreaterThan(80)
    const unknown = queries.flatMap((query) => [
      ...unknownIn(query, known),
      ...unknownValuesIn(query, known),
    ])
    expect(unknown).toEqual([])
  })

  test.each([
    ['a metric', 'fuchsbau_bouncer_clients', 'fuchsbau_bouncer_client'],
    ['a label', 'sum by (outcome)', 'sum by (status)'],
    ['a value', 'state=~"waiting|connecting"', 'state=~"waiting|conecting"'],
    ['a label of another', 'obj_namespace="', 'namespace="'],
  ])('%s that is misspelt is found', (_what, right, wrong) => {
    const spoilt = queries.filter(({ expr }) => expr.includes(right))
    expect(spoilt.length).toBeGreaterThan(0)
    for (const query of spoilt) {
      const copy = { ...query, expr: query.expr.replaceAll(right, wrong) }
      expect([...unknownIn(copy, known), ...unknownValuesIn(copy, known)], copy.expr).not.toEqual(
        [],
      )
    }
  })

  // Else an alert could pass its cases with labels that it never meets.
  test('the cases of the alerts are made of series that somebody tells', () => {
    const told = new Set([...known].flatMap(([name, all]) => all.map((each) => key(name, each))))
    const made = readExposition(
      alertCases.flatMap(({ series }) => Object.keys(series).map((each) => `${each} 0\n`)).join(''),
    )
    const own = [...made].filter(([name]) => /^fuchsbau_/.test(name))
    expect(own.length).toBeGreaterThan(20)
    for (const [name, all] of own) {
      for (const { job, instance, ...labels } of all) {
        expect([job, instance]).not.toContain(undefined)
        expect(told).toContain(key(name, labels))
      }
    }
  })

  test('every panel has data', async () => {
    const empty: string[] = []
    for (const { where, expr } of queriesOf([], dashboards)) {
      const { result } = await prometheus.api('query', { query: expr })
      if (result.length === 0) empty.push(`${where}: ${expr}`)
    }
    expect(empty).toEqual([])
  })

  test('every rule is evaluated without an error', async () => {
    const { groups } = await prometheus.api('rules')
    const told = groups.flatMap(
      ({ rules: all }: { rules: { name: string; health: string; lastError?: string }[] }) => all,
    )
    expect(told).toHaveLength(rules.length)
    for (const { name, health, lastError } of told)
      expect([health, lastError], name).toEqual(['ok', undefined])
  })

  test('what counts a service is named as its monitor names it', () => {
    const jobs = queries.flatMap(({ expr }) =>
      [...expr.matchAll(/job="([^"]+)"/g)].map(([, job]) => job),
    )
    expect([...new Set(jobs)].sort()).toEqual(Object.keys(scene.management).sort())
  })
})

/** A series, whatever the order of its labels. */
function key(name: string, labels: Record<string, string>): string {
  return `${name} ${JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`
}
