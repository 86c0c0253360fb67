// Alerts that fire when they must, dashboards whose every query has an answer, and monitors that reach what they watch: with the real
// promtool, and a real Prometheus that scrapes the real services.
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { makePeerHome, type PeerHome, programInside } from '../support/daemon.ts'
import { requirePeer } from '../support/peers.ts'
import { launcher } from '../support/service-process.ts'
import { startApiServer } from './support/apiserver.ts'
import {
  buildBundle,
  copyBundle,
  exampleValues,
  type KubeObject,
  type Part,
} from './support/bundle.ts'
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
import { type AlertCase, alertCases } from './support/observation-alerts.ts'
import { othersText, upText } from './support/observation-others.ts'
import {
  type Prometheus,
  type Scene,
  startPrometheus,
  startScene,
} from './support/observation-scene.ts'

const root = join(import.meta.dirname, '../..')
const hasPeers = [requirePeer('promtool'), requirePeer('flux')].every(Boolean)
const hasApiServer = [requirePeer('etcd'), requirePeer('kube-apiserver')].every(Boolean)

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

describe.skipIf(!hasPeers)('the rules', () => {
  let home: PeerHome

  beforeAll(() => {
    home = makePeerHome('promtool')
  })
  afterAll(() => home?.remove())

  const promtool = (...args: string[]) => home.run(programInside('promtool'), args)

  test('are valid to promtool, each file', async () => {
    const files = objects.filter(({ kind }) => kind === 'PrometheusRule')
    expect(files.map(({ metadata }) => metadata.name).sort()).toEqual([
      'bouncer',
      'fediverse',
      'lab',
      'registry',
    ])
    for (const { metadata, spec } of files) {
      const file = home.write(`${metadata.name}.yaml`, stringify(spec))
      expect(await promtool('check', 'rules', file)).toContain('SUCCESS')
    }
  })

  test('say what is the matter and what to do, and where more stands', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    for (const { alert, labels, annotations } of rules) {
      expect(['critical', 'warning', 'info'], alert).toContain(labels['severity'])
      expect(annotations['summary'], alert).toMatch(/^[A-Z].*\.$/)
      expect(annotations['description']?.length, alert).toBeGreaterThan(60)
      expect(annotations['runbook'], alert).toBe('deploy/docs/alerts.md')
    }
  })

  test('stand in the text that they lead to, with their severity, and nothing else does', () => {
    const rows = runbook().matchAll(/^\| `(\w+)` \| (\w+) \|/gm)
    const told = [...rows].map(([, alert, severity]) => `${alert} ${severity}`)
    const made = rules.map(({ alert, labels }) => `${alert} ${labels['severity']}`)
    expect(told.sort()).toEqual(made.sort())
  })

  test('name commands that there are', async () => {
    const texts = `${runbook()}\n${rules.map(({ annotations }) => annotations['description']).join('\n')}`
    const named = texts.matchAll(
      /fuchsbau (fediverse|bouncer|registry|deploy) ([a-z-]+)((?: [a-z-]+)?)/g,
    )
    const commands = new Set(
      [...named].map(([, service, verb, word]) => `${service} ${verb}${word}`),
    )
    expect(commands.size).toBeGreaterThan(5)
    for (const command of commands) {
      const [service = '', verb = '', word] = command.split(' ')
      const help = await promisify(execFile)(process.execPath, [launcher, service, verb, '--help'])
      // What follows `deploy check` is the next word of the sentence, or a flag.
      if (word !== undefined && service !== 'deploy') {
        expect(help.stdout, command).toMatch(new RegExp(`\\b${word}\\b`))
      }
    }
  })

  // The definition, with the server's own checks of it.
  test.skipIf(!hasApiServer)('go to the receiver that the text gives an example of', async () => {
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(runbook()) ?? []
    const receiver = parse(example) as KubeObject
    await using api = await startApiServer()
    await api.define([receiver])
    await api.create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: receiver.metadata.namespace ?? '' },
    })
    expect(await api.dryRun(receiver)).toMatchObject({ status: expect.toBeOneOf([200, 201]) })
    const misspelt = parse(example.replace('urlSecret', 'urlFrom')) as KubeObject
    expect(await api.dryRun(misspelt)).toMatchObject({
      message: expect.stringContaining('urlFrom'),
    })
  })

  test('all have a case in which they fire, and one in which they do not', () => {
    const names = (isFiring: boolean) =>
      [
        ...new Set(
          alertCases.filter(({ fires }) => fires.length > 0 === isFiring).map((each) => each.alert),
        ),
      ].sort()
    const made = rules.map(({ alert }) => alert).sort()
    expect(names(true)).toEqual(made)
    expect(names(false)).toEqual(made)
  })

  for (const [alert, cases] of Map.groupBy(alertCases, (each) => each.alert)) {
    test(`${alert}: ${cases.map(({ when, fires }) => `${fires.length > 0 ? 'fires' : 'is quiet'} when ${when}`).join('; ')}`, async () => {
      expect(await runCases(promtool, home, rules, cases)).toContain('SUCCESS')
    })
  }

  // Found so: the two sides had different labels, and the alert could never fire.
  test('that cannot fire fail their cases', async () => {
    const blunt = rules.map((rule) => ({
      ...rule,
      expr: rule.expr.replace(/on \(job\) sum by \(job\) /g, ''),
    }))
    const cases = alertCases.filter(({ alert }) => alert === 'FediverseDeliveryQueueStuck')
    await expect(runCases(promtool, home, blunt, cases)).rejects.toThrow(/FAILED/)
  })
})

/** The text that the alerts lead to. */
function runbook(): string {
  return readFileSync(join(root, 'deploy/docs/alerts.md'), 'utf8')
}

/** Runs cases of alerts as unit tests of rules; rejects with what promtool says. */
async function runCases(
  promtool: (...args: string[]) => Promise<string>,
  home: PeerHome,
  rules: readonly Rule[],
  cases: readonly AlertCase[],
): Promise<string> {
  // Texts are Go's templates, which the check of the rules has parsed: here it is about when.
  const plain = rules.map(({ annotations: _, ...rule }) => rule)
  home.write('rules.yaml', stringify({ groups: [{ name: 'all', rules: plain }] }))
  const tests = cases.map(({ alert, at, series, fires }) => {
    const severity = rules.find((rule) => rule.alert === alert)?.labels['severity'] ?? ''
    return {
      interval: '1m',
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      alert_rule_test: [
        {
          eval_time: at,
          alertname: alert,
          exp_alerts: fires.map((labels) => ({ exp_labels: { severity, ...labels } })),
        },
      ],
    }
  })
  const file = home.write('cases.yaml', stringify({ rule_files: ['rules.yaml'], tests }))
  return await promtool('test', 'rules', file)
}

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

describe.skipIf(!hasPeers)('the dashboards', () => {
  test('are whole, and say what each panel shows and in what', () => {
    expect(dashboards.map(({ uid }) => uid).sort()).toEqual([
      'fuchsbau-bouncer',
      'fuchsbau-fediverse',
      'fuchsbau-registry',
    ])
    for (const { uid, title, schemaVersion, templating, panels } of dashboards) {
      expect(title).toBe(uid.replace('fuchsbau-', 'Fuchsbau: '))
      expect(schemaVersion).toBeGreaterThanOrEqual(39)
      expect(templating.list).toMatchObject([
        { name: 'datasource', type: 'datasource', query: 'prometheus' },
      ])
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
      const shown = panels.filter(({ type }) => type !== 'row')
      expect(shown.length).toBeLessThanOrEqual(17)
      for (const panel of shown) {
        const where = `${uid}: ${panel.title}`
        expect(panel.title, uid).toMatch(/^[A-Z]/)
        expect(panel.description, where).toMatch(/\.$/)
        expect(panel.fieldConfig?.defaults.unit, where).toBeTruthy()
        expect(panel.datasource?.uid, where).toBe(['$', '{datasource}'].join(''))
        expect(panel.targets?.length, where).toBeGreaterThan(0)
      }
    }
  })

  test('have panels that lie beside each other', () => {
    for (const { uid, panels } of dashboards) {
      const taken = new Set<string>()
      for (const { title, gridPos } of panels) {
        const { x, y, w, h } = gridPos
        expect(x + w, `${uid}: ${title}`).toBeLessThanOrEqual(24)
        for (let column = x; column < x + w; column += 1) {
          for (let row = y; row < y + h; row += 1) {
            expect(taken, `${uid}: ${title}`).not.toContain(`${column} ${row}`)
            taken.add(`${column} ${row}`)
          }
        }
      }
    }
  })

  test('come to Grafana as they are in the files, with the label that it looks for', () => {
    const found = objects.filter(({ kind }) => kind === 'ConfigMap')
    expect(found).toHaveLength(1)
    const [{ data, metadata } = { data: {}, metadata: { name: '' } }] = found
    expect(metadata.labels).toMatchObject({ grafana_dashboard: '1' })
    const names = ['bouncer.json', 'fediverse.json', 'registry.json']
    expect(Object.keys(data).sort()).toEqual(names)
    for (const name of names) {
      const file = join(root, 'deploy/observation/dashboards', name)
      expect(data[name]).toBe(readFileSync(file, 'utf8'))
    }
  })

  test('are not built when Flux would put values into them', async () => {
    using copy = copyBundle(await exampleValues())
    const file = join(copy.directory, 'observation/kustomization.yaml')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('substitute: disabled', 'substitute: enabled'))
    await expect(copy.parts()).rejects.toThrow(/variable not set|datasource/)
  })
})

/** A series, whatever the order of its labels. */
function key(name: string, labels: Record<string, string>): string {
  return `${name} ${JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`
}

/** What charts make that our monitors look for: namespace, labels and named ports, as their templates have them. */
const ofCharts = [
  // https://github.com/cert-manager/cert-manager/blob/v1.21.2/deploy/charts/cert-manager/templates/deployment.yaml
  { kind: 'Pod', namespace: 'cert-manager', app: 'cert-manager', port: 'http-metrics' },
  // https://github.com/external-secrets/external-secrets/blob/main/deploy/charts/external-secrets/templates/deployment.yaml
  { kind: 'Pod', namespace: 'external-secrets', app: 'external-secrets', port: 'metrics' },
  // https://github.com/backube/volsync/blob/main/helm/volsync/templates/service-metrics.yaml
  { kind: 'Service', namespace: 'volsync', app: 'volsync', port: 'https' },
]

/** A port that a monitor has scraped. */
interface Watched {
  monitor: string
  namespace: string
  port: string
}

describe.skipIf(!hasPeers)('the monitors', () => {
  const all = () => parts.flatMap((part) => part.objects)
  const monitors = () => all().filter(({ kind }) => /^(Service|Pod)Monitor$/.test(kind))

  test('find a Service with the port, and pods behind it that Prometheus may reach', () => {
    const reached: string[] = []
    for (const monitor of monitors().filter(({ kind }) => kind === 'ServiceMonitor')) {
      for (const { monitor: name, namespace, port } of watchedBy(monitor)) {
        const { matchLabels } = monitor.spec.selector
        const chart = ofCharts.find((each) => each.namespace === namespace)
        if (chart) {
          expect(matchLabels, name).toEqual({ 'app.kubernetes.io/name': chart.app })
          expect([chart.kind, chart.port], name).toEqual(['Service', port])
          continue
        }
        const services = all().filter(
          ({ kind, metadata }) =>
            kind === 'Service' &&
            metadata.namespace === namespace &&
            includes(metadata.labels ?? {}, matchLabels),
        )
        expect(services.length, `${name} in ${namespace}`).toBeGreaterThan(0)
        for (const service of services) reached.push(reach(all(), service, port))
      }
    }
    expect(reached.sort()).toEqual([
      'bouncer 3009',
      'fediverse 3009',
      'headscale 9090',
      'registry 3009',
    ])
  })

  test('find the pods of charts, and keep the namespaces that their metrics name', () => {
    const pods = monitors().filter(({ kind }) => kind === 'PodMonitor')
    expect(pods).toHaveLength(1)
    for (const { spec } of pods) {
      const charts = ofCharts.filter(({ kind }) => kind === 'Pod')
      expect(spec.namespaceSelector.matchNames).toEqual(charts.map(({ namespace }) => namespace))
      expect(spec.selector.matchExpressions).toEqual([
        { key: 'app.kubernetes.io/name', operator: 'In', values: charts.map(({ app }) => app) },
      ])
      expect(spec.podMetricsEndpoints).toEqual(
        charts.map(({ port }) => ({ port, honorLabels: true })),
      )
    }
  })

  test('give the three services their jobs', () => {
    const ours = monitors().find(({ metadata }) => metadata.name === 'fuchsbau')
    const label = ours?.spec.jobLabel
    const jobs = all()
      .filter(
        ({ kind, metadata }) =>
          kind === 'Service' &&
          ours?.spec.namespaceSelector.matchNames.includes(metadata.namespace),
      )
      .filter(({ metadata }) => includes(metadata.labels ?? {}, ours?.spec.selector.matchLabels))
      .map(({ metadata }) => metadata.labels?.[label])
    expect(jobs.sort()).toEqual(['bouncer', 'fediverse', 'registry'])
  })
})

describe.skipIf(!hasPeers)('kube-prometheus-stack', () => {
  const values = () =>
    objectsIn(parts, 'infra-observation').find(({ kind }) => kind === 'HelmRelease')?.spec.values

  test('looks at monitors and rules without a label of its own', () => {
    expect(values().prometheus.prometheusSpec).toMatchObject({
      serviceMonitorSelectorNilUsesHelmValues: false,
      podMonitorSelectorNilUsesHelmValues: false,
      ruleSelectorNilUsesHelmValues: false,
    })
  })

  test('has kube-state-metrics tell of Flux what the alert asks, and lets it look', () => {
    const { rbac, customResourceState } = values()['kube-state-metrics']
    const may = rbac.extraRules.flatMap(
      ({ apiGroups, resources }: { apiGroups: string[]; resources: string[] }) =>
        apiGroups.flatMap((group) => resources.map((resource) => `${group} ${resource}`)),
    )
    for (const { groupVersionKind, metricNamePrefix, metrics } of customResourceState.config.spec
      .resources) {
      const { group, kind } = groupVersionKind
      const plural = `${kind.toLowerCase()}s`.replace(/ys$/, 'ies')
      expect(may).toContain(`${group} ${plural}`)
      expect(`${metricNamePrefix}_${metrics[0].name}`).toBe('gotk_resource_info')
      expect(Object.keys(metrics[0].each.info.labelsFromPath)).toContain('name')
      expect(Object.keys(metrics[0].labelsFromPath)).toEqual(
        expect.arrayContaining(['ready', 'suspended', 'exported_namespace']),
      )
    }
  })

  test('has a Secret for each thing that Grafana reads from one, and logs in with Pocket ID', () => {
    const secret = objectsIn(parts, 'infra-observation').find(
      ({ kind }) => kind === 'ExternalSecret',
    )
    const keys = secret?.spec.data.map(({ secretKey }: { secretKey: string }) => secretKey)
    const { admin, envValueFrom, 'grafana.ini': ini } = values().grafana
    expect(secret?.spec.target.name).toBe(admin.existingSecret)
    const fromEnv = Object.values<{ secretKeyRef: { key: string } }>(envValueFrom)
    const used = [
      admin.userKey,
      admin.passwordKey,
      ...fromEnv.map(({ secretKeyRef }) => secretKeyRef.key),
    ]
    expect(used.sort()).toEqual(keys.sort())
    const [route] = objects.filter(({ kind }) => kind === 'HTTPRoute')
    expect(ini.server.root_url).toBe(`https://${route?.spec.hostnames[0]}`)
    const oauth = ini['auth.generic_oauth']
    const issuer = new URL(oauth.auth_url).origin
    expect([oauth.auth_url, oauth.token_url, oauth.api_url]).toEqual([
      `${issuer}/authorize`,
      `${issuer}/api/oidc/token`,
      `${issuer}/api/oidc/userinfo`,
    ])
  })
})

function watchedBy({ kind, metadata, spec }: KubeObject): Watched[] {
  const { namespace = '', name } = metadata
  const namespaces: string[] = spec.namespaceSelector?.matchNames ?? [namespace]
  const endpoints: { port: string }[] = spec.endpoints ?? spec.podMetricsEndpoints
  const monitor = `${kind} ${name}`
  return namespaces.flatMap((each) =>
    endpoints.map(({ port }) => ({ monitor, namespace: each, port })),
  )
}

/** Follows a Service's port to a pod's, through what policies let in; the pod's name and port. */
function reach(all: readonly KubeObject[], service: KubeObject, port: string): string {
  const { namespace, name } = service.metadata
  const { targetPort } =
    service.spec.ports.find((each: { name: string }) => each.name === port) ?? {}
  expect(targetPort, `port ${port} of Service ${name}`).toBeDefined()
  const inNamespace = all.filter(({ metadata }) => metadata.namespace === namespace)
  const workload = inNamespace.find(
    ({ spec }) =>
      spec?.template && includes(spec.template.metadata?.labels ?? {}, service.spec.selector),
  )
  const labels = workload?.spec.template.metadata.labels ?? {}
  const ports = workload?.spec.template.spec.containers.flatMap(
    (container: { ports?: { name: string; containerPort: number }[] }) => container.ports ?? [],
  )
  const found = ports?.find((each: { name: string }) => each.name === targetPort)
  expect(found, `${targetPort} of the pod of ${name}`).toBeDefined()
  const policies = inNamespace.filter(
    ({ kind, spec }) =>
      kind === 'NetworkPolicy' && includes(labels, spec.podSelector.matchLabels ?? {}),
  )
  const isLetIn = policies.some(({ spec }) =>
    (spec.ingress ?? []).some(
      (rule: { from?: KubeObject[]; ports?: { port: string | number }[] }) =>
        rule.from?.some(
          ({ namespaceSelector }) =>
            namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'] === 'observation',
        ) && rule.ports?.some((each) => [found.name, found.containerPort].includes(each.port)),
    ),
  )
  expect(isLetIn, `Prometheus at ${name}`).toBe(true)
  return `${name} ${found.containerPort}`
}

const includes = (labels: Record<string, string>, wanted: Record<string, string> = {}) =>
  Object.entries(wanted).every(([label, value]) => labels[label] === value)
