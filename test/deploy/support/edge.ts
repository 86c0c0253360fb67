// The Gateways, routes and policies of the bundle as Envoy Gateway itself reads them: rendered, given what a cluster adds
// to them, and translated by its own egctl into conditions and the configuration of Envoy.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import type { Ca } from '../../support/ca.ts'
import { programOf } from '../../support/peers.ts'
import { makeTempData, removeTempData } from '../../support/temp-data.ts'
import type { KubeObject } from './bundle.ts'

type Labels = Record<string, string>

const routeKinds = ['HTTPRoute', 'TCPRoute']
const policyKinds = ['ClientTrafficPolicy', 'BackendTrafficPolicy', 'BackendTLSPolicy']
const readKinds = new Set(
  ['GatewayClass', 'Gateway', 'EnvoyProxy', 'Namespace', 'Service'].concat(routeKinds, policyKinds),
)

/** What Envoy Gateway reads of the bundle, and a cluster's part: addresses of Services, Secrets of Certificates. */
export async function edgeOf(objects: readonly KubeObject[], ca: Ca): Promise<KubeObject[]> {
  const read = objects
    .filter(({ kind }) => readKinds.has(kind))
    .map((each) => structuredClone(each))
  read.push(...foreignServices)
  for (const [index, service] of read.filter(({ kind }) => kind === 'Service').entries()) {
    service.spec = { ...service.spec, clusterIP: `10.96.1.${index + 1}` }
  }
  resolveSelectors(read)
  for (const certificate of objects.filter(({ apiVersion }) =>
    apiVersion.startsWith('cert-mana'),
  )) {
    if (certificate.kind !== 'Certificate') continue
    const [first, ...rest]: string[] = certificate.spec.dnsNames
    const { cert, key } = await ca.issue(first ?? '', ...rest)
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    read.push({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...certificate.metadata, name: certificate.spec.secretName },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': base64(cert), 'tls.key': base64(key) },
    })
  }
  return read
}

/** Made by a chart (observation). */
const foreignServices: KubeObject[] = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kube-prometheus-stack-grafana', namespace: 'observation' },
    spec: { ports: [{ port: 80 }] },
  },
]

interface Selector {
  matchLabels?: Labels
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

/**
 * egctl drops labels when it reads, so what is chosen by them is chosen here: a listener that admits all routes that
 * name it is open, any other is closed; policies name their targets.
 */
function resolveSelectors(objects: readonly KubeObject[]): void {
  const gateways = objects.filter(({ kind }) => kind === 'Gateway')
  const routes = objects.filter(({ kind }) => routeKinds.includes(kind))
  for (const { metadata, spec } of gateways) {
    for (const listener of spec.listeners) {
      const { selector } = listener.allowedRoutes?.namespaces ?? {}
      if (!selector) continue
      const comers = routes.filter((route) =>
        route.spec.parentRefs.some(
          (parent: { name: string; sectionName?: string }) =>
            parent.name === metadata.name &&
            (parent.sectionName ?? listener.name) === listener.name,
        ),
      )
      const areAllAdmitted = comers.every((route) => {
        const name = route.metadata.namespace ?? ''
        const namespace = objects.find((each) => each.kind === 'Namespace' && nameOf(each) === name)
        const labels = { ...namespace?.metadata.labels, 'kubernetes.io/metadata.name': name }
        return matches(labels, selector)
      })
      listener.allowedRoutes.namespaces = { from: areAllAdmitted ? 'All' : 'Same' }
    }
  }
  for (const { kind, metadata, spec } of objects) {
    if (!policyKinds.includes(kind) || !spec.targetSelectors) continue
    spec.targetRefs = gateways
      .filter((gateway) => gateway.metadata.namespace === metadata.namespace)
      .filter(({ metadata: { labels = {} } }) =>
        spec.targetSelectors.some((each: Selector) => matches(labels, each)),
      )
      .map(({ metadata: { name } }) => ({
        group: 'gateway.networking.k8s.io',
        kind: 'Gateway',
        name,
      }))
    delete spec.targetSelectors
  }
}

function matches(labels: Labels, { matchLabels = {}, matchExpressions = [] }: Selector): boolean {
  const isEqual = Object.entries(matchLabels).every(([key, value]) => labels[key] === value)
  return (
    isEqual &&
    matchExpressions.every(({ key, operator, values: list = [] }) => {
      const value = labels[key]
      if (operator === 'Exists') return value !== undefined
      if (operator === 'In') return value !== undefined && list.includes(value)
      throw new Error(`the tests know no operator ${operator}`)
    })
  )
}

function nameOf({ metadata: { name } }: KubeObject): string {
  return name
}

/** A condition of Kubernetes, and whose it is: `HTTPRoute fediverse, shared-gateway-external/https`. */
export interface Condition {
  of: string
  type: string
  status: string
  message: string
}

/** A part of Envoy's configuration, as protobuf's JSON. */
// biome-ignore lint/suspicious/noExplicitAny: a tree of Envoy's, of which each test reads a little
export type EnvoyJson = any

/** What Envoy Gateway makes of it. */
export interface Translation {
  conditions: Condition[]
  /** By the name of a Gateway. */
  envoys: Record<string, EnvoyConfiguration>
  /** What is asked of the cluster for it. */
  infrastructure: Record<string, EnvoyJson>
}

export interface EnvoyConfiguration {
  listeners: EnvoyJson[]
  clusters: EnvoyJson[]
  routeConfigs: EnvoyJson[]
  endpoints: EnvoyJson[]
}

const run = promisify(execFile)

/** Translates; rejects when egctl does not understand the input at all. */
export async function translate(objects: readonly KubeObject[]): Promise<Translation> {
  const directory = makeTempData('egctl')
  const file = join(directory, 'edge.yaml')
  writeFileSync(file, objects.map((object) => stringify(object)).join('---\n'))
  const how = [
    '--from',
    'gateway-api',
    '--to',
    'ir,gateway-api,xds',
    '--type',
    'all',
    '--output',
    'json',
  ]
  try {
    const { stdout } = await run(programOf('egctl'), ['x', 'translate', ...how, '--file', file], {
      maxBuffer: 64 * 1024 * 1024,
    })
    const { xds, infraIR, xdsIR: _, ...resources } = JSON.parse(stdout)
    return {
      conditions: conditionsOf(resources),
      envoys: byGateway(xds, ({ configs }) => envoyOf(configs)),
      infrastructure: byGateway(infraIR, ({ proxy }) => proxy),
    }
  } finally {
    removeTempData(directory)
  }
}

/** Their keys are `namespace/name`. */
function byGateway<T>(found: Record<string, EnvoyJson>, read: (value: EnvoyJson) => T) {
  const entries = Object.entries(found).map(([name, value]): [string, T] => [
    name.replace(/^.*\//, ''),
    read(value),
  ])
  return Object.fromEntries(entries)
}

function envoyOf(configs: EnvoyJson[]): EnvoyConfiguration {
  const find = (type: string) => configs.find((each) => each['@type'].includes(type)) ?? {}
  const list = (type: string, key: string) => find(type)[key] ?? []
  return {
    listeners: list('.Listeners', 'dynamicListeners').map(
      (each: EnvoyJson) => each.activeState.listener,
    ),
    clusters: list('.Clusters', 'dynamicActiveClusters').map((each: EnvoyJson) => each.cluster),
    routeConfigs: list('.Routes', 'dynamicRouteConfigs').map((each: EnvoyJson) => each.routeConfig),
    endpoints: list('.Endpoints', 'dynamicEndpointConfigs').map(
      (each: EnvoyJson) => each.endpointConfig,
    ),
  }
}

interface Status {
  conditions?: Omit<Condition, 'of'>[]
  listeners?: { name: string; conditions: Omit<Condition, 'of'>[] }[]
  parents?: Related[]
  ancestors?: Related[]
}

interface Related {
  parentRef?: { name: string; sectionName?: string }
  ancestorRef?: { name: string; sectionName?: string }
  conditions: Omit<Condition, 'of'>[]
}

function conditionsOf(resources: Record<string, unknown>): Condition[] {
  const objects = Object.values(resources).flat() as { kind: string; status?: Status }[]
  return objects.flatMap((object) => {
    const { kind, metadata, status = {} } = object as KubeObject & { status?: Status }
    const name = `${kind} ${metadata.name}`
    const under = (of: string) => (each: Omit<Condition, 'of'>) => ({ of, ...each })
    const related = [...(status.parents ?? []), ...(status.ancestors ?? [])]
    return [
      ...(status.conditions ?? []).map(under(name)),
      ...(status.listeners ?? []).flatMap((listener) =>
        listener.conditions.map(under(`${name}/${listener.name}`)),
      ),
      ...related.flatMap(({ parentRef, ancestorRef, conditions }) => {
        const { name: whose, sectionName } = parentRef ?? ancestorRef ?? { name: '' }
        const place = sectionName === undefined ? whose : `${whose}/${sectionName}`
        return conditions.map(under(`${name}, ${place}`))
      }),
    ]
  })
}

/** Conditions that must not be true; the others of `watched` must be. `Overridden` is how a route's own policy works. */
const bad = new Set(['Conflicted', 'OverlappingTLSConfig'])
const watched = new Set(['Accepted', 'ResolvedRefs', 'Programmed', ...bad])

/** What is wrong, in words; and what got no condition at all, as what is attached to nothing. */
export function complaints(objects: readonly KubeObject[], { conditions }: Translation): string[] {
  const wrong = conditions
    .filter(({ type, status }) => watched.has(type) && (status === 'True') === bad.has(type))
    .map(({ of, type, status, message }) => `${of}: ${type} is ${status}: ${message}`)
  const judged = ['GatewayClass', 'Gateway', 'EnvoyProxy', ...routeKinds, ...policyKinds]
  const silent = objects
    .filter(({ kind }) => judged.includes(kind))
    .map(({ kind, metadata: { name } }) => `${kind} ${name}`)
    .filter((name) => {
      const own = conditions.filter(
        ({ of }) => of === name || (/^[,/]/.test(of.slice(name.length)) && of.startsWith(name)),
      )
      return !own.some(({ type }) => type === 'Accepted')
    })
    .map((name) => `${name} has no condition: nothing takes it`)
  return [...wrong, ...silent]
}
