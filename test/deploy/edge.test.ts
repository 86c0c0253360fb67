// The edge: what Envoy Gateway says of our Gateways, routes and policies, and what the real Envoy does with what it makes
// of them. Wrong copies show that it would be told.
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { request as plainRequest } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import { connect as connectTcp, isIP } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BouncerProcess, openBouncerStore, startBouncer } from '../support/bouncer-process.ts'
import { type Ca, createCa } from '../support/ca.ts'
import { freePorts } from '../support/daemon.ts'
import { connect } from '../support/irc-client.ts'
import { requirePeer } from '../support/peers.ts'
import { PASSWORD } from '../support/service-process.ts'
import { type Echo, type EchoBackend, startEchoBackend } from './support/echo-backend.ts'
import { complaints, type EnvoyJson, edgeOf, type Translation, translate } from './support/edge.ts'
import { type Envoy, startEnvoy } from './support/envoy.ts'
import { bundle, deploy, type Manifest, rendered, values } from './support/render.ts'

const isHere = [requirePeer('egctl'), requirePeer('kubectl'), requirePeer('envoy')].every(Boolean)

const { DOMAIN = '', SOCIAL_DOMAIN = '', INTERNAL_DOMAIN = '' } = values
const external = 'shared-gateway-external'

let ca: Ca
/** All that is shipped; of it the edge, and what becomes of that. */
let everything: Manifest[]
let objects: Manifest[]
let translation: Translation
/** What the services answer for, by their names in the cluster. */
const backends: Record<string, EchoBackend> = {}
const services = [
  'fediverse/fediverse:80',
  'bouncer/bouncer:80',
  'pocket-id/pocket-id:80',
  'registry/registry:80',
  'headscale/headscale:80',
  'headscale/headscale-ui:80',
]

beforeAll(async () => {
  if (!isHere) return
  ca = await createCa()
  everything = bundle()
  objects = await edgeOf(everything, ca)
  translation = await translate(objects)
  for (const service of services) {
    const name = service.replace(/^.*\/|:.*$/g, '')
    backends[service] = await startEchoBackend(name)
  }
})
afterAll(async () => {
  for (const backend of Object.values(backends)) await backend[Symbol.asyncDispose]()
  await ca?.close()
})

const portsOf = (more: Record<string, number> = {}) => ({
  ...Object.fromEntries(Object.entries(backends).map(([name, { port }]) => [name, port])),
  ...more,
})

describe.skipIf(!isHere)('Envoy Gateway', () => {
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
    const network = rendered(join(deploy, 'infrastructure/network'))
    const spec = (kind: string) => network.find((each) => each.kind === kind)?.spec
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
    const { values: dns } = everything.find(
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

interface Asked {
  method?: string
  headers?: Record<string, string>
  body?: Buffer
}

/** A request by HTTPS as a client makes it that resolved the name. */
async function askOf(envoy: Envoy, host: string, path: string, { body, ...options }: Asked = {}) {
  const outgoing = request({
    host: '127.0.0.1',
    port: envoy.port(443),
    servername: host,
    ca: ca.pem,
    path,
    agent: false,
    ...options,
    headers: { host, ...options.headers },
  })
  outgoing.end(body)
  const [incoming] = await once(outgoing, 'response')
  let text = ''
  for await (const chunk of incoming) text += chunk
  return { status: incoming.statusCode, headers: incoming.headers, text }
}

async function echo(envoy: Envoy, host: string, path: string, asked?: Asked): Promise<Echo> {
  const { status, text } = await askOf(envoy, host, path, asked)
  expect({ host, path, status }).toEqual({ host, path, status: 200 })
  return JSON.parse(text)
}

/** Runs the Envoy of a Gateway as it is shipped. */
async function startGateway(name: string): Promise<Envoy> {
  const configuration = translation.envoys[name]
  if (!configuration) throw new Error(`there is no ${name}`)
  return startEnvoy(configuration, { objects, backends: portsOf(), ca })
}

describe.skipIf(!isHere)('Envoy, on the external Gateway', () => {
  let envoy: Envoy

  beforeAll(async () => {
    envoy = await startGateway(external)
  })
  afterAll(() => envoy?.[Symbol.asyncDispose]())

  const ask = (host: string, path: string, asked?: Asked) => askOf(envoy, host, path, asked)
  const echoOf = (host: string, path: string, asked?: Asked) => echo(envoy, host, path, asked)

  test('serves each name by its service, with a certificate for it', async () => {
    const found = await Promise.all(
      [SOCIAL_DOMAIN, ...['irc', 'oci', 'auth'].map((name) => `${name}.${DOMAIN}`)].map(
        async (host) => [host, (await echoOf(host, '/a/path?q=1')).service],
      ),
    )
    expect(Object.fromEntries(found)).toEqual({
      [SOCIAL_DOMAIN]: 'fediverse',
      [`irc.${DOMAIN}`]: 'bouncer',
      [`oci.${DOMAIN}`]: 'registry',
      [`auth.${DOMAIN}`]: 'pocket-id',
    })
  })

  // https://www.rfc-editor.org/rfc/rfc7033#section-4: it is asked at the host of the account.
  test.for(['webfinger?resource=acct:you@this-is-fine.social', 'nodeinfo', 'host-meta'])(
    'leads /.well-known/%s of the apex to the fediverse server',
    async (name) => {
      const { service, url } = await echoOf(SOCIAL_DOMAIN, `/.well-known/${name}`)
      expect([service, url]).toEqual(['fediverse', `/.well-known/${name}`])
    },
  )

  test('sends www to the apex, path and query with it', async () => {
    const { status, headers } = await ask(`www.${SOCIAL_DOMAIN}`, '/@you?page=2')
    expect([status, headers.location]).toEqual([301, `https://${SOCIAL_DOMAIN}/@you?page=2`])
  })

  test('sends all of HTTP to HTTPS', async () => {
    for (const host of [SOCIAL_DOMAIN, `oci.${DOMAIN}`, DOMAIN, 'elsewhere.example']) {
      const outgoing = plainRequest({
        port: envoy.port(80),
        path: '/v2/?x=1',
        headers: { host },
        agent: false,
      })
      outgoing.end()
      const [{ statusCode, headers }] = await once(outgoing, 'response')
      expect([statusCode, headers.location]).toEqual([301, `https://${host}/v2/?x=1`])
    }
  })

  test('speaks HTTP/2, and never serves one name over the connection of the other', async () => {
    for (const host of [SOCIAL_DOMAIN, `oci.${DOMAIN}`]) {
      const session = connectHttp2(`https://${host}`, {
        ca: ca.pem,
        createConnection: () =>
          connectTls({
            port: envoy.port(443),
            servername: host,
            ca: ca.pem,
            ALPNProtocols: ['h2'],
          }),
      })
      const stream = session.request({ ':path': '/' })
      const [headers] = await once(stream, 'response')
      expect(headers[':status']).toBe(200)
      stream.close()
      session.close()
    }
    // A browser takes a connection for all names of its certificate.
    const names = async (host: string) => {
      const socket = connectTls({ port: envoy.port(443), servername: host, ca: ca.pem })
      await once(socket, 'secureConnect')
      const { subjectaltname } = socket.getPeerCertificate()
      socket.destroy()
      return subjectaltname
    }
    expect(await names(SOCIAL_DOMAIN)).toBe(`DNS:${SOCIAL_DOMAIN}`)
    expect(await names(`www.${SOCIAL_DOMAIN}`)).toBe(`DNS:*.${SOCIAL_DOMAIN}`)
  })

  test('tells services the address of who connects, whatever she says of herself', async () => {
    const lies = {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-real-ip': '203.0.113.9',
      'true-client-ip': '203.0.113.9',
      'cf-connecting-ip': '203.0.113.9',
      forwarded: 'for=203.0.113.9',
    }
    for (const host of [SOCIAL_DOMAIN, `auth.${DOMAIN}`, `oci.${DOMAIN}`, `irc.${DOMAIN}`]) {
      const { headers } = await echoOf(host, '/', { headers: lies })
      expect(headers).toMatchObject({ host, 'x-forwarded-proto': 'https' })
      // One, and by Envoy: of who comes from this machine it says the machine's own.
      expect(isIP(String(headers['x-forwarded-for']))).toBe(4)
      expect(JSON.stringify(headers)).not.toMatch(/203\.0\.113\.9|evil/)
    }
  })

  test('leaves what is signed as it is: path, query, digest, date', async () => {
    const headers = {
      date: 'Tue, 01 Dec 2026 10:00:00 GMT',
      digest: 'SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
      signature: 'keyId="https://a.example/u#main-key",signature="eA=="',
    }
    const path = '/users/you%2Fme//inbox?a=b%20c&d='
    const echo = await echoOf(SOCIAL_DOMAIN, path, {
      method: 'POST',
      headers,
      body: Buffer.from('{}'),
    })
    expect(echo.url).toBe(path)
    expect(echo.headers).toMatchObject({ ...headers, host: SOCIAL_DOMAIN })
  })

  test('passes a layer of 64 MiB', async () => {
    const body = Buffer.alloc(64 * 1024 * 1024, 7)
    const { bytes } = await echoOf(`oci.${DOMAIN}`, '/v2/a/blobs/uploads/1', {
      method: 'PATCH',
      body,
    })
    expect(bytes).toBe(body.length)
  })

  test('does not let the internet at what Headscale is managed by', async () => {
    const statuses = await Promise.all(
      ['/api/v1/user', '/', '/web', '/metrics', '/swagger', '/ts2021x', '/keys'].map(
        async (path) => [path, (await ask(`ts.${DOMAIN}`, path)).status],
      ),
    )
    expect(statuses.filter(([, status]) => status !== 404)).toEqual([])
    const { service } = await echoOf(`ts.${DOMAIN}`, '/key?v=125')
    expect(service).toBe('headscale')
  })

  // https://pkg.go.dev/tailscale.com/control/controlhttp: the control protocol starts by a POST of its own upgrade.
  test.for<[string, string, string, string]>([
    ['POST', `ts.${DOMAIN}`, '/ts2021', 'tailscale-control-protocol'],
    ['GET', `ts.${DOMAIN}`, '/ts2021', 'websocket'],
    ['GET', `irc.${DOMAIN}`, '/socket', 'websocket'],
  ])('upgrades: %s https://%s%s to %s', async ([method, host, path, protocol]) => {
    const outgoing = request({
      port: envoy.port(443),
      servername: host,
      ca: ca.pem,
      method,
      path,
      agent: false,
      headers: { host, connection: 'upgrade', upgrade: protocol },
    })
    outgoing.end()
    const [{ statusCode }, socket] = await once(outgoing, 'upgrade')
    expect(statusCode).toBe(101)
    socket.write('one')
    expect(String((await once(socket, 'data'))[0])).toBe('one')
    socket.destroy()
  })

  test('serves nothing for names that are not ours', async () => {
    await expect(ask(`registry.${INTERNAL_DOMAIN}`, '/')).rejects.toThrow()
    expect((await ask(`nothing.${DOMAIN}`, '/')).status).toBe(404)
  })

  test('keeps queries out of its log', async () => {
    await echoOf(`auth.${DOMAIN}`, '/callback?code=SECRET')
    await expect.poll(() => envoy.accessLog(), { timeout: 20_000 }).toContain('/callback')
    expect(envoy.accessLog()).not.toContain('SECRET')
  })
})

describe.skipIf(!isHere)('Envoy, on the Gateways of the lab', () => {
  test('serves the pages and the API that Headscale is managed by, at home alone', async () => {
    await using envoy = await startGateway('shared-gateway-internal')
    const host = `headscale.${INTERNAL_DOMAIN}`
    expect(await echo(envoy, host, '/api/v1/user')).toMatchObject({ service: 'headscale' })
    expect(await echo(envoy, host, '/web/users')).toMatchObject({ service: 'headscale-ui' })
    expect((await askOf(envoy, host, '/metrics')).status).toBe(404)
    const lies = { 'x-forwarded-for': '203.0.113.9' }
    const { headers } = await echo(envoy, host, '/', { headers: lies })
    expect(headers['x-forwarded-for']).not.toContain('203.0.113.9')
    // What is public is not served here, with no certificate for it.
    await expect(askOf(envoy, SOCIAL_DOMAIN, '/')).rejects.toThrow()
  })

  test('starts for the tailnet, and redirects there, too', async () => {
    await using envoy = await startGateway('shared-gateway-tailnet')
    const outgoing = plainRequest({
      port: envoy.port(80),
      path: '/a',
      headers: { host: `x.${values.TAILNET_DOMAIN}` },
      agent: false,
    })
    outgoing.end()
    const [{ statusCode, headers }] = await once(outgoing, 'response')
    expect([statusCode, headers.location]).toEqual([301, `https://x.${values.TAILNET_DOMAIN}/a`])
  })
})

/** An IRC client's way in: a real bouncer behind Envoy. */
async function startIrc(components: Record<string, string> = {}) {
  const host = `irc.${DOMAIN}`
  const { certFile, keyFile } = await ca.issue(host)
  const [port = 0] = await freePorts(1)
  const bouncer = await startBouncer({
    people: [],
    env: {
      FUCHSBAU_BOUNCER_LISTEN: `127.0.0.1:${port}`,
      FUCHSBAU_BOUNCER_PLAIN_LISTEN: '',
      FUCHSBAU_BOUNCER_HOSTNAME: host,
      FUCHSBAU_BOUNCER_CERTIFICATE: certFile,
      FUCHSBAU_BOUNCER_CERTIFICATE_KEY: keyFile,
      FUCHSBAU_BOUNCER_PROXIES: '127.0.0.1',
    },
  })
  const taken = await edgeOf(bundle(components), ca)
  const made = await translate(taken)
  const configuration = made.envoys[external]
  if (!configuration) throw new Error('no configuration')
  const envoy = await startEnvoy(configuration, {
    objects: taken,
    backends: portsOf({ 'bouncer/bouncer:6697': port }),
    ca,
  })
  return { host, bouncer, envoy, complaints: complaints(taken, made) }
}

/** Who logged in, from where and how, newest first. */
async function auditOf(bouncer: BouncerProcess) {
  await bouncer.stop()
  const store = openBouncerStore(bouncer)
  const entries = store.audit.list(10)
  store.close()
  return entries.map(({ account, address, method }) => `${account} ${address} ${method}`)
}

describe.skipIf(!isHere)('IRC on 6697', () => {
  test('ends TLS in the bouncer, which sees client certificates and addresses', async () => {
    const { host, bouncer, envoy } = await startIrc()
    try {
      const card = await ca.issue('you')
      const tls = { ca: ca.pem, servername: host, cert: card.cert, key: card.key }
      const at = { port: envoy.port(6697), tls }
      await using first = await connect({ ...at, localAddress: '127.0.0.77' })
      await first.register({ nick: 'you', user: 'you', pass: PASSWORD })
      first.send(
        `PRIVMSG BouncerServ :certificate add ${new X509Certificate(card.cert).fingerprint256}`,
      )
      await first.sync()
      await using second = await connect({ ...at, localAddress: '127.0.0.78' })
      const { account } = await second.register({
        nick: 'you2',
        sasl: { mechanism: 'EXTERNAL' },
      })
      expect(account).toBe('you')
      await second.close()
      expect(await auditOf(bouncer)).toEqual([
        'you 127.0.0.78 SASL EXTERNAL',
        'you 127.0.0.77 PASS',
      ])
    } finally {
      await envoy[Symbol.asyncDispose]()
      await bouncer[Symbol.asyncDispose]()
    }
  })

  test('ends TLS at the Gateway where tls-at-gateway is taken, and is encrypted on the way to the bouncer', async () => {
    const irc = await startIrc({
      'infra-edge-config': 'tls-at-gateway/gateway',
      bouncer: 'tls-at-gateway/bouncer',
    })
    const { bouncer, envoy } = irc
    try {
      expect(irc.complaints).toEqual([])
      const port = envoy.port(6697)
      await using client = await connect({
        port,
        tls: { ca: ca.pem, servername: irc.host },
        localAddress: '127.0.0.79',
      })
      await client.register({ nick: 'you', user: 'you', pass: PASSWORD })

      // The Gateway's own certificate, also for clients that send no name.
      const socket = connectTls({ port, ca: ca.pem, checkServerIdentity: () => undefined })
      await once(socket, 'secureConnect')
      expect(socket.getPeerCertificate().subjectaltname).toBe(`DNS:*.${DOMAIN}`)
      socket.destroy()
      // Nobody is heard in plain text.
      const plain = connectTcp(port, '127.0.0.1')
      plain.write('NICK you\r\nUSER you 0 * :you\r\n')
      const ended = once(plain, 'close')
      let heard = ''
      plain.on('data', (bytes) => {
        heard += bytes.toString('latin1')
      })
      await ended
      expect(heard).not.toMatch(/001|NOTICE|CAP/)
      expect(await auditOf(bouncer)).toEqual(['you 127.0.0.79 PASS'])
    } finally {
      await envoy[Symbol.asyncDispose]()
      await bouncer[Symbol.asyncDispose]()
    }
  })
})
