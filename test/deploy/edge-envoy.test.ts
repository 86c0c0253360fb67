// What the real Envoy does with what Envoy Gateway makes of the bundle: names, redirects, HTTP/2, addresses, uploads, upgrades.
import { once } from 'node:events'
import { request as plainRequest } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import { isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  clientOf,
  type EdgeScene,
  external,
  hasEdgePeers,
  makeEdge,
  values,
} from './support/edge-scene.ts'
import type { Envoy } from './support/envoy.ts'

const isHere = hasEdgePeers()
const { DOMAIN = '', SOCIAL_DOMAIN = '', INTERNAL_DOMAIN = '', TAILNET_DOMAIN = '' } = values

let edge: EdgeScene
beforeAll(async () => {
  if (isHere) edge = await makeEdge()
})
afterAll(() => edge?.[Symbol.asyncDispose]())

describe.skipIf(!isHere)('Envoy, on the external Gateway', () => {
  let envoy: Envoy
  let client: ReturnType<typeof clientOf>

  beforeAll(async () => {
    envoy = await edge.start(external)
    client = clientOf(edge, envoy)
  })
  afterAll(() => envoy?.[Symbol.asyncDispose]())

  test('serves each name by its service, with a certificate for it', async () => {
    const found = await Promise.all(
      [SOCIAL_DOMAIN, ...['irc', 'oci', 'auth'].map((name) => `${name}.${DOMAIN}`)].map(
        async (host) => [host, (await client.echo(host, '/a/path?q=1')).service],
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
      const { service, url } = await client.echo(SOCIAL_DOMAIN, `/.well-known/${name}`)
      expect([service, url]).toEqual(['fediverse', `/.well-known/${name}`])
    },
  )

  test('sends www to the apex, path and query with it', async () => {
    const { status, headers } = await client.ask(`www.${SOCIAL_DOMAIN}`, '/@you?page=2')
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
        ca: edge.ca.pem,
        createConnection: () =>
          connectTls({
            port: envoy.port(443),
            servername: host,
            ca: edge.ca.pem,
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
      const socket = connectTls({ port: envoy.port(443), servername: host, ca: edge.ca.pem })
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
      const { headers } = await client.echo(host, '/', { headers: lies })
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
    const echo = await client.echo(SOCIAL_DOMAIN, path, {
      method: 'POST',
      headers,
      body: Buffer.from('{}'),
    })
    expect(echo.url).toBe(path)
    expect(echo.headers).toMatchObject({ ...headers, host: SOCIAL_DOMAIN })
  })

  test('passes a layer of 64 MiB', async () => {
    const body = Buffer.alloc(64 * 1024 * 1024, 7)
    const { bytes } = await client.echo(`oci.${DOMAIN}`, '/v2/a/blobs/uploads/1', {
      method: 'PATCH',
      body,
    })
    expect(bytes).toBe(body.length)
  })

  test('does not let the internet at what Headscale is managed by', async () => {
    const statuses = await Promise.all(
      ['/api/v1/user', '/', '/web', '/metrics', '/swagger', '/ts2021x', '/keys'].map(
        async (path) => [path, (await client.ask(`ts.${DOMAIN}`, path)).status],
      ),
    )
    expect(statuses.filter(([, status]) => status !== 404)).toEqual([])
    const { service } = await client.echo(`ts.${DOMAIN}`, '/key?v=125')
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
      ca: edge.ca.pem,
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
    await expect(client.ask(`registry.${INTERNAL_DOMAIN}`, '/')).rejects.toThrow()
    expect((await client.ask(`nothing.${DOMAIN}`, '/')).status).toBe(404)
  })

  test('keeps queries out of its log', async () => {
    await client.echo(`auth.${DOMAIN}`, '/callback?code=SECRET')
    await expect.poll(() => envoy.accessLog(), { timeout: 20_000 }).toContain('/callback')
    expect(envoy.accessLog()).not.toContain('SECRET')
  })
})

describe.skipIf(!isHere)('Envoy, on the Gateways of the lab', () => {
  test('serves the pages and the API that Headscale is managed by, at home alone', async () => {
    await using envoy = await edge.start('shared-gateway-internal')
    const client = clientOf(edge, envoy)
    const host = `headscale.${INTERNAL_DOMAIN}`
    expect(await client.echo(host, '/api/v1/user')).toMatchObject({ service: 'headscale' })
    expect(await client.echo(host, '/web/users')).toMatchObject({ service: 'headscale-ui' })
    expect((await client.ask(host, '/metrics')).status).toBe(404)
    const lies = { 'x-forwarded-for': '203.0.113.9' }
    const { headers } = await client.echo(host, '/', { headers: lies })
    expect(headers['x-forwarded-for']).not.toContain('203.0.113.9')
    // What is public is not served here, with no certificate for it.
    await expect(client.ask(SOCIAL_DOMAIN, '/')).rejects.toThrow()
  })

  test('starts for the tailnet, and redirects there, too', async () => {
    await using envoy = await edge.start('shared-gateway-tailnet')
    const outgoing = plainRequest({
      port: envoy.port(80),
      path: '/a',
      headers: { host: `x.${TAILNET_DOMAIN}` },
      agent: false,
    })
    outgoing.end()
    const [{ statusCode, headers }] = await once(outgoing, 'response')
    expect([statusCode, headers.location]).toEqual([301, `https://x.${TAILNET_DOMAIN}/a`])
  })
})
