// Names in DNS: the real external-dns, with the options of its releases, on a real API server with our Gateways and routes. It is
// built by hand, and writes into its memory instead of Cloudflare or the router.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makePeerHome } from '../support/daemon.ts'
import { programOf, requirePeer } from '../support/peers.ts'
import { type ApiServer, startApiServer } from './support/apiserver.ts'
import { buildBundle, type KubeObject } from './support/bundle.ts'
import { values } from './support/edge-scene.ts'

const isHere = (['etcd', 'kube-apiserver', 'flux', 'externalDns'] as const)
  .map(requirePeer)
  .every(Boolean)

const { DOMAIN, SOCIAL_DOMAIN, INTERNAL_DOMAIN, TAILNET_DOMAIN } = values
const { PUBLIC_ADDRESS, EXTERNAL_ADDRESS, INTERNAL_ADDRESS } = values

describe.skipIf(!isHere)('external-dns', () => {
  let objects: KubeObject[]
  let api: ApiServer

  beforeAll(async () => {
    const kinds = ['Namespace', 'GatewayClass', 'Gateway', 'HTTPRoute', 'TCPRoute']
    objects = (await buildBundle()).flatMap((part) => part.objects)
    const kept = kinds.flatMap((kind) => objects.filter((object) => object.kind === kind))
    api = await startApiServer()
    await api.define(kept)
    for (const object of kept) {
      await api.create(object)
      const status = statusOf(object)
      if (status) await api.setStatus({ ...object, status })
    }
  })
  afterAll(() => api?.[Symbol.asyncDispose]())

  /** What a release writes first, as `name address`; marks are names alone. */
  async function written(release: string) {
    const found = objects.find(
      ({ kind, metadata }) => kind === 'HelmRelease' && metadata.name === release,
    )
    const home = makePeerHome('externalDns')
    const kubeconfig = home.write('kubeconfig', api.kubeconfig)
    const { domainFilters } = found?.spec.values ?? {}
    const zones = domainFilters.map((zone: string) => `--inmemory-zone=${zone}`)
    const log = await home.run('/bin/sh', [
      '-c',
      'exec "$@" 2>&1',
      'sh',
      programOf('externalDns'),
      ...['--once', '--provider=inmemory', `--kubeconfig=${kubeconfig}`],
      ...[...zones, ...optionsOf(found?.spec.values)],
    ])
    home.remove()
    const lines = [...log.matchAll(/CREATE: (\S+) \d+ IN (\w+) +(\S+)/g)]
    return {
      records: lines.filter((line) => line[2] !== 'TXT').map((line) => `${line[1]} ${line[3]}`),
      marks: lines.filter((line) => line[2] === 'TXT').map((line) => line[1]),
    }
  }

  const publicNames = [SOCIAL_DOMAIN, `www.${SOCIAL_DOMAIN}`].concat(
    ['auth', 'irc', 'oci', 'ts'].map((name) => `${name}.${DOMAIN}`),
  )

  test('tells the internet the public address, of the names of the external Gateway alone', async () => {
    const { records, marks } = await written('external-dns-public')
    expect(records.sort()).toEqual(publicNames.map((name) => `${name} ${PUBLIC_ADDRESS}`).sort())
    // Each is marked as ours, within its zone: also the apex.
    expect(marks.sort()).toEqual(publicNames.map((name) => `fuchsbau-a.${name}`).sort())
  })

  test('tells the lab the addresses of the Gateways, and nothing of the tailnet', async () => {
    const { records } = await written('external-dns-private')
    const internal = ['grafana', 'headscale'].map((name) => `${name}.${INTERNAL_DOMAIN}`)
    expect(records.sort()).toEqual(
      [
        ...publicNames.map((name) => `${name} ${EXTERNAL_ADDRESS}`),
        ...internal.map((name) => `${name} ${INTERNAL_ADDRESS}`),
      ].sort(),
    )
    expect(records.join()).not.toContain(TAILNET_DOMAIN)
  })
})

/** As Envoy Gateway says it when all is well (edge.test.ts). */
function statusOf({ kind, spec }: KubeObject): object | undefined {
  if (kind === 'Gateway') {
    const value = spec.infrastructure.annotations['lbipam.cilium.io/ips']
    return { addresses: [{ type: 'IPAddress', value }] }
  }
  if (kind !== 'HTTPRoute' && kind !== 'TCPRoute') return
  const condition = {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: '',
    observedGeneration: 1,
    lastTransitionTime: '2026-12-01T00:00:00Z',
  }
  const controllerName = 'gateway.envoyproxy.io/gatewayclass-controller'
  return {
    parents: spec.parentRefs.map((parentRef: object) => ({
      parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', ...parentRef },
      controllerName,
      conditions: [condition],
    })),
  }
}

/** What the chart makes of its values (templates/deployment.yaml), but for the provider. */
function optionsOf(given: KubeObject['spec']): string[] {
  const single: Record<string, string | undefined> = {
    policy: given.policy,
    registry: given.registry,
    'txt-owner-id': given.txtOwnerId,
    'txt-prefix': given.txtPrefix,
    'gateway-namespace': given.gatewayNamespace,
    'annotation-prefix': given.annotationPrefix,
  }
  return [
    ...given.sources.map((source: string) => `--source=${source}`),
    ...given.domainFilters.map((zone: string) => `--domain-filter=${zone}`),
    ...Object.entries(single).flatMap(([name, value]) => (value ? [`--${name}=${value}`] : [])),
    ...(given.extraArgs ?? []),
  ]
}
