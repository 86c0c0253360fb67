// What an object names is there, in the place where it looks for it. Each kind of reference is broken once, to see that it is found.
import { beforeAll, describe, expect, test } from 'vitest'
import { requirePeer } from '../support/peers.ts'
import { buildBundle, type KubeObject } from './support/bundle.ts'
import { danglingOf, type Reference, referencesOf } from './support/references.ts'
import { containersOf, workloadsOf } from './support/workloads.ts'

/** Made by something that is no object of the bundle. */
const OTHERS = [
  // The cluster's own.
  'StorageClass ceph-block',
  // Made by the charts that the bundle installs.
  'ServiceAccount external-secrets external-secrets',
  'ServiceAccount cert-manager cert-manager',
  'Service observation kube-prometheus-stack-grafana',
]

describe.skipIf(!requirePeer('flux'))('references of the bundle', () => {
  let objects: KubeObject[]
  beforeAll(async () => {
    objects = (await buildBundle()).flatMap((part) => part.objects)
  })

  test('lead somewhere', () => {
    expect(danglingOf(objects, OTHERS)).toEqual([])
  })

  test('of each kind are missed when what they name has another name', () => {
    const unnoticed: string[] = []
    const kinds = new Map(
      referencesOf(objects).map((each) => [`${each.from.kind} → ${each.kind}`, each]),
    )
    for (const [kinship, reference] of kinds) {
      if (danglingOf(broken(objects, reference), OTHERS).length === 0) unnoticed.push(kinship)
    }
    expect(unnoticed).toEqual([])
    expect(kinds.size).toBeGreaterThan(20)
  })

  test('selectors of Services, policies and monitors find pods, with the ports that they name', () => {
    const lost: string[] = []
    const pods = workloadsOf(objects)
    for (const service of objects.filter(({ kind }) => kind === 'Service')) {
      const { selector, ports } = service.spec
      const found = podsBehind(pods, service, selector)
      if (found.length === 0) lost.push(`Service ${service.metadata.name}: no pod`)
      for (const { port, targetPort = port } of ports) {
        if (!found.every((pod) => portsOf(pod).includes(String(targetPort))))
          lost.push(`Service ${service.metadata.name}: no port ${targetPort}`)
      }
    }
    for (const policy of objects.filter(({ kind }) => kind === 'NetworkPolicy')) {
      const { podSelector, ingress = [] } = policy.spec
      const found = podsBehind(pods, policy, podSelector.matchLabels ?? {})
      for (const { port } of ingress.flatMap(
        ({ ports = [] }: { ports?: { port: unknown }[] }) => ports,
      )) {
        if (found.length > 0 && !found.some((pod) => portsOf(pod).includes(String(port))))
          lost.push(
            `NetworkPolicy ${policy.metadata.namespace}/${policy.metadata.name}: no port ${port}`,
          )
      }
      const isForOthers = MOVERS.some((label) => label in (podSelector.matchLabels ?? {}))
      if (found.length === 0 && !isForOthers)
        lost.push(`NetworkPolicy ${policy.metadata.name}: no pod`)
    }
    for (const monitor of objects.filter(({ kind }) => kind === 'ServiceMonitor')) {
      const { namespaceSelector, selector, endpoints } = monitor.spec
      for (const namespace of namespaceSelector.matchNames) {
        // A chart makes its Service (observation.test.ts).
        if (namespace === 'volsync') continue
        const services = objects.filter(
          ({ kind, metadata }) =>
            kind === 'Service' &&
            metadata.namespace === namespace &&
            isSubset(selector.matchLabels, metadata.labels ?? {}),
        )
        const ports = services.flatMap(({ spec }) =>
          spec.ports.map(({ name }: { name: string }) => name),
        )
        for (const { port } of endpoints)
          if (!ports.includes(port))
            lost.push(`ServiceMonitor ${monitor.metadata.name}: no port ${port} in ${namespace}`)
      }
    }
    expect(lost).toEqual([])
  })

  test('every volume that is mounted is one of the pod, and every probe asks a port of its container', () => {
    const lost: string[] = []
    for (const { metadata, spec } of workloadsOf(objects)) {
      const volumes = (spec.template.spec.volumes ?? []).map(({ name }: { name: string }) => name)
      for (const container of containersOf(spec.template)) {
        for (const { name } of container.volumeMounts ?? [])
          if (!volumes.includes(name)) lost.push(`${metadata.name}: no volume ${name}`)
        const ports = (container.ports ?? []).flatMap(({ name, containerPort }: Port) => [
          name,
          String(containerPort),
        ])
        for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
          const { httpGet, tcpSocket } = container[probe] ?? {}
          const port = (httpGet ?? tcpSocket)?.port
          if (port !== undefined && !ports.includes(String(port)))
            lost.push(`${metadata.name}: ${probe} asks ${port}`)
        }
      }
    }
    expect(lost).toEqual([])
  })
})

type Port = { name: string; containerPort: number }

/** Labels of pods that controllers make. */
const MOVERS = ['fuchsbau/backup', 'acme.cert-manager.io/http01-solver']

function podsBehind(
  pods: readonly KubeObject[],
  { metadata }: KubeObject,
  labels: Record<string, string>,
): KubeObject[] {
  return pods.filter(
    (pod) =>
      pod.metadata.namespace === metadata.namespace &&
      isSubset(labels, pod.spec.template.metadata.labels),
  )
}

function isSubset(some: Record<string, string>, all: Record<string, string>): boolean {
  return Object.entries(some).every(([name, value]) => all[name] === value)
}

function portsOf({ spec }: KubeObject): string[] {
  return containersOf(spec.template).flatMap(({ ports = [] }) =>
    ports.flatMap(({ name, containerPort }: Port) => [name, String(containerPort)]),
  )
}

/** The objects, where the one that refers names something else. */
function broken(objects: readonly KubeObject[], { from, name }: Reference): KubeObject[] {
  const change = (value: unknown): unknown => {
    if (value === name) return `${name}-gone`
    if (Array.isArray(value)) return value.map(change)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, change(inner)]))
  }
  const { spec, roleRef, subjects } = from
  const changed = { ...from, ...(change({ spec, roleRef, subjects }) as object) }
  return objects.map((object) => (object === from ? (changed as KubeObject) : object))
}
