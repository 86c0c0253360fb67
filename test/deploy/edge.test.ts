// What Envoy Gateway says of our Gateways, routes and policies. Wrong copies show that it would be told.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KubeObject } from './support/bundle.ts'
import { complaints, type EnvoyJson, type Translation, translate } from './support/edge.ts'
import { type EdgeScene, external, hasEdgePeers, makeEdge, values } from './support/edge-scene.ts'

const isHere = hasEdgePeers()
const { DOMAIN = '', SOCIAL_DOMAIN = '' } = values

describe.skipIf(!isHere)('Envoy Gateway', () => {
  let edge: EdgeScene
  let objects: KubeObject[]
  let translation: Translation

  beforeAll(async () => {
    edge = await makeEdge()
    objects = edge.objects
    translation = edge.translation
  })
  afterAll(() => edge?.[Symbol.asyncDispose]())

  test('accepts every Gateway, route and policy, and finds all that they name', () => {
    expect(complaints(objects, translation)).toEqual([])
    const judged = translation.conditions.filter(({ type }) => type === 'ResolvedRefs')
    expect(judged.length).toBeGreaterThan(15)
  })

  /** Complaints about a copy in which one object is changed. */
  async function changed(
    kind: string,
    name: string,
    change: (spec: EnvoyJson) => void,
  ): Promise<string[]> {
    const copy = structuredClone(objects)
    const object = copy.find((each) => each.kind === kind && each.metadata.name === name)
    expect(object).toBeDefined()
    change(object?.spec)
    return complaints(copy, await translate(copy))
  }

  test.for<[string, string, string, (spec: EnvoyJson) => void, RegExp]>([
    [
      'a listener that is not there',
      'HTTPRoute',
      'fediverse',
      (spec) => {
        spec.parentRefs[0].sectionName = 'https-sozial'
      },
      /^HTTPRoute fediverse.*Accepted is False/,
    ],
    [
      'a name that the listener does not serve',
      'HTTPRoute',
      'registry',
      (spec) => {
        spec.hostnames = [`oci.${SOCIAL_DOMAIN}`]
      },
      /^HTTPRoute registry.*Accepted is False/,
    ],
    [
      'a port that the Service does not have',
      'TCPRoute',
      'bouncer',
      (spec) => {
        spec.rules[0].backendRefs[0].port = 6667
      },
      /^TCPRoute bouncer.*ResolvedRefs is False.*6667/,
    ],
    [
      'a Service that is not there',
      'HTTPRoute',
      'headscale-ui',
      (spec) => {
        spec.rules[0].backendRefs[0].name = 'headscales'
      },
      /^HTTPRoute headscale-ui.*ResolvedRefs is False/,
    ],
    [
      'a certificate that is not there',
      'Gateway',
      'shared-gateway-internal',
      (spec) => {
        spec.listeners[1].tls.certificateRefs[0].name = 'internals-tls'
      },
      /^Gateway shared-gateway-internal\/https: (ResolvedRefs|Programmed) is False/,
    ],
    [
      'a policy for a route that is not there',
      'BackendTrafficPolicy',
      'registry',
      (spec) => {
        spec.targetRefs[0].name = 'register'
      },
      /^BackendTrafficPolicy registry.*(no condition|Accepted is False)/,
    ],
    [
      'two protocols on one port',
      'Gateway',
      external,
      (spec) => {
        spec.listeners[5].port = 443
      },
      /^Gateway shared-gateway-external\/ircs: Conflicted is True/,
    ],
  ])('says so: %s', async ([, kind, name, change, complaint]) => {
    const found = await changed(kind, name, change)
    expect(found.filter((each) => complaint.test(each))).not.toEqual([])
  })

  test('listens for IRC on the external Gateway alone, and never without TLS or a way to it', async () => {
    const ports = Object.entries(translation.envoys).flatMap(([gateway, { listeners }]) =>
      listeners.map(({ address }) => `${gateway} ${address.socketAddress.portValue}`),
    )
    expect(ports.filter((each) => each.endsWith(' 6697'))).toEqual([`${external} 6697`])

    // Without its route, it leads nowhere: no service takes a password in plain text.
    const { envoys } = await translate(objects.filter(({ kind }) => kind !== 'TCPRoute'))
    const without = envoys[external]
    const [, name] =
      /"cluster":"(.*?)"/.exec(JSON.stringify(without?.listeners.filter(isIrc))) ?? []
    expect(name).toBeDefined()
    expect(without?.endpoints.map(({ clusterName }) => clusterName)).not.toContain(name)
  })

  test('asks for the address of each Gateway, by which the router learns the way to it', () => {
    const addresses = Object.entries(translation.infrastructure).map(([name, { metadata }]) => [
      name,
      metadata.annotations['lbipam.cilium.io/ips'],
    ])
    expect(Object.fromEntries(addresses)).toEqual({
      [external]: values.EXTERNAL_ADDRESS,
      'shared-gateway-internal': values.INTERNAL_ADDRESS,
      'shared-gateway-tailnet': values.TAILNET_ADDRESS,
    })
    const proxy = objects.find(({ kind }) => kind === 'EnvoyProxy')
    const { labels, externalTrafficPolicy } = proxy?.spec.provider.kubernetes.envoyService ?? {}
    expect(externalTrafficPolicy).toBe('Local')
    const spec = (kind: string) => edge.everything.find((each) => each.kind === kind)?.spec
    const { serviceSelector } = spec('CiliumLoadBalancerIPPool')
    const [{ selector }] = spec('CiliumBGPAdvertisement').advertisements
    expect(labels).toMatchObject(serviceSelector.matchLabels)
    expect(labels).toMatchObject(selector.matchLabels)
  })

  test('leads to no management port, and to no metrics', () => {
    const listed = objects
      .filter(({ kind }) => kind === 'HTTPRoute' || kind === 'TCPRoute')
      .flatMap(({ metadata, spec }) =>
        spec.rules.flatMap(({ backendRefs = [] }: EnvoyJson) =>
          backendRefs.map(({ name, port }: EnvoyJson) => `${metadata.namespace}/${name}:${port}`),
        ),
      )
    const portsByName = (ref: string) => {
      const [, namespace, name, port] = /^(.*)\/(.*):(.*)$/.exec(ref) ?? []
      const service = objects.find(
        (each) =>
          each.kind === 'Service' &&
          each.metadata.name === name &&
          each.metadata.namespace === namespace,
      )
      return service?.spec.ports.find((each: EnvoyJson) => String(each.port) === port)?.name
    }
    expect(listed.length).toBeGreaterThan(5)
    const names = new Set(listed.map(portsByName))
    expect([...names].filter((name) => name !== undefined).sort()).toEqual(['http', 'ircs'])
    expect(listed.filter((ref) => /:(3009|9090)$/.test(ref))).toEqual([])
  })

  test('gives the internet the public address, and only names that a listener serves', () => {
    const { values: dns } = edge.everything.find(
      ({ kind, metadata }) => kind === 'HelmRelease' && metadata.name === 'external-dns-public',
    )?.spec ?? { values: {} }
    const gateway = objects.find(
      ({ kind, metadata }) => kind === 'Gateway' && metadata.name === external,
    )
    expect(dns.extraArgs).toContain(`--gateway-name=${external}`)
    expect(dns.gatewayNamespace).toBe(gateway?.metadata.namespace)
    const { annotations } = gateway?.metadata ?? {}
    expect(annotations).toEqual({ [`${dns.annotationPrefix}target`]: values.PUBLIC_ADDRESS })

    const hosts = objects
      .filter(({ kind, spec }) => kind === 'HTTPRoute' && spec.parentRefs[0].name === external)
      .flatMap(({ spec }) => spec.hostnames ?? [])
    expect(hosts).toContain(`irc.${DOMAIN}`)
    const inZones = (host: string) =>
      dns.domainFilters.some((zone: string) => host === zone || host.endsWith(`.${zone}`))
    expect(hosts.filter((host: string) => !inZones(host))).toEqual([])
    // Else the mark of the apex is a name beside it, in somebody else's zone.
    expect(dns.txtPrefix).toMatch(/%\{record_type\}[\w-]*\.$/)
  })

  test('puts no limit on the length and the size of a push', () => {
    const route = routeOf(translation, `oci.${DOMAIN}`)
    expect(route).toMatchObject({ timeout: '0s', idleTimeout: '600s' })
    const manager = JSON.stringify(translation.envoys[external]?.listeners)
    expect(manager).not.toMatch(/buffer\.v3|maxRequestBytes/)
    expect(manager).toContain('"requestTimeout":"0s"')
  })

  test('lets what lasts last', () => {
    for (const name of ['ts', 'irc']) {
      expect(routeOf(translation, `${name}.${DOMAIN}`)).toMatchObject({ timeout: '0s' })
    }
    // Headscale writes each minute, IRC clients say PING at least each five.
    const idle = JSON.stringify(translation.envoys[external]?.listeners).match(
      /"idleTimeout":"(\d+)s"/g,
    )
    expect(idle).toContain('"idleTimeout":"3600s"')
  })
})

const isIrc = ({ address }: EnvoyJson) => address.socketAddress.portValue === 6697

/** The action of the first route of a host. */
function routeOf({ envoys }: Translation, host: string): EnvoyJson {
  const hosts = envoys[external]?.routeConfigs.flatMap(({ virtualHosts = [] }) => virtualHosts)
  return hosts?.find(({ domains }) => domains.includes(host))?.routes[0].route
}
