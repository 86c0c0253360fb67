// What Prometheus is told to scrape is there and can be reached; and the chart that brings it.
import { beforeAll, describe, expect, test } from 'vitest'
import { requirePeer } from '../support/peers.ts'
import { buildBundle, type KubeObject, type Part } from './support/bundle.ts'
import { objectsIn } from './support/observation.ts'

const hasPeers = [requirePeer('promtool'), requirePeer('flux')].every(Boolean)

let parts: Part[]
let objects: KubeObject[]

beforeAll(async () => {
  if (!hasPeers) return
  parts = await buildBundle()
  objects = objectsIn(parts, 'observation')
})

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
