// A whole installation on the loopback: our three services in one process, behind a TLS front with the names of a lab, an identity
// provider, a stand-in for Headscale, and the DNS server that knows the names.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type Ca, createCa } from './ca.ts'
import { freePorts } from './daemon.ts'
import { type FakeIssuer, startFakeIssuer } from './fake-issuer.ts'
import { launcher, PASSWORD, serviceProcess } from './service-process.ts'
import { makeTempData, removeTempData } from './temp-data.ts'
import { startTlsFront, type TlsFront } from './tls-front.ts'

export const DOMAIN = 'den.example'
export const SOCIAL = 'den-social.example'
export const INTERNAL = 'den.internal'

export interface DeployLab extends AsyncDisposable {
  front: TlsFront
  ca: Ca
  issuer: FakeIssuer
  /** Of the client at the provider; read again by `issuer.rotateKeys()`. */
  redirectUris: string[]
  /** `127.0.0.1:PORT` of the DNS server. */
  dns: string
  /** Names that the DNS server does not know for now. */
  forgotten: Set<string>
  /** Names beside the usual ones that it knows for now. */
  published: Set<string>
  /** Where the bouncer takes clients without TLS. */
  plainIrc: number
  /** Where each name leads. */
  upstreams: Readonly<Record<string, string>>
  /** Leads a name to this for a while; returns how to undo it. */
  replace(host: string, listener: RequestListener): Promise<() => Promise<void>>
}

/** Starts everything; port 443 and the names need root. */
export async function startDeployLab(): Promise<DeployLab> {
  const ca = await createCa()
  const front = await startTlsFront({ ca })
  const data = makeTempData('lab')
  const hosts = ['oci', 'irc', 'auth', 'ts'].map((name) => `${name}.${DOMAIN}`)
  const redirectUris = [
    `https://${SOCIAL}/login/oidc/back`,
    ...['oci', 'irc'].map((name) => `https://${name}.${DOMAIN}/login/oidc/back`),
    `https://ts.${DOMAIN}/oidc/callback`,
    `https://grafana.${INTERNAL}/login/generic_oauth`,
  ]
  const issuer = await startFakeIssuer({ issuer: `https://auth.${DOMAIN}`, redirectUris })
  // Names first: programs see those that are there when they start.
  const pages = ['headscale', 'grafana'].map((name) => `${name}.${INTERNAL}`)
  for (const host of [SOCIAL, `www.${SOCIAL}`, ...hosts, ...pages])
    front.route(host, issuer.listening)
  const certificate = await ca.issue(`irc.${DOMAIN}`)
  const [plainIrc = 0, web = 0] = await freePorts(2)
  const service = serviceProcess(front.command(process.execPath, launcher, 'up'), {
    env: { ...process.env, NODE_OPTIONS: '', ...front.env, ...settings() },
    readyMs: 60_000,
  })
  function settings(): Record<string, string> {
    return {
      FUCHSBAU_DATA: data,
      FUCHSBAU_OWNER_PASSWORD: PASSWORD,
      FUCHSBAU_MANAGEMENT_LISTEN: '127.0.0.1:0',
      FUCHSBAU_TRUST_PROXY: '127.0.0.0/8',
      FUCHSBAU_OIDC_ISSUER: issuer.issuer,
      FUCHSBAU_OIDC_CLIENT_ID: issuer.clientId,
      FUCHSBAU_OIDC_CLIENT_SECRET: issuer.clientSecret,
      FUCHSBAU_FEDIVERSE_LISTEN: '127.0.0.1:0',
      FUCHSBAU_FEDIVERSE_URL: `https://${SOCIAL}`,
      FUCHSBAU_REGISTRY_LISTEN: '127.0.0.1:0',
      FUCHSBAU_REGISTRY_URL: `https://oci.${DOMAIN}`,
      FUCHSBAU_BOUNCER_LISTEN: `${front.address}:6697`,
      FUCHSBAU_BOUNCER_PLAIN_LISTEN: `127.0.0.1:${plainIrc}`,
      FUCHSBAU_BOUNCER_WEB_LISTEN: `127.0.0.1:${web}`,
      FUCHSBAU_BOUNCER_WEB_URL: `https://irc.${DOMAIN}`,
      FUCHSBAU_BOUNCER_HOSTNAME: `irc.${DOMAIN}`,
      FUCHSBAU_BOUNCER_CERTIFICATE: certificate.certFile,
      FUCHSBAU_BOUNCER_CERTIFICATE_KEY: certificate.keyFile,
    }
  }
  const { services } = await service.start()
  const toHttps: RequestListener = ({ headers, url }, response) => {
    const host = headers.host?.replace(/^www\./, '')
    response.writeHead(301, { location: `https://${host}${url}` }).end()
  }
  const redirect = await listen(toHttps, 80, front.address)
  const www = await listen(toHttps)
  const headscale = await listen(headscaleLike(issuer))
  const grafana = await listen(grafanaLike(issuer))
  const upstreams: Record<string, string> = {
    [SOCIAL]: services['fediverse']?.listening ?? '',
    [`www.${SOCIAL}`]: www.url,
    [`oci.${DOMAIN}`]: services['registry']?.listening ?? '',
    [`irc.${DOMAIN}`]: `http://127.0.0.1:${web}`,
    [`auth.${DOMAIN}`]: issuer.listening,
    [`ts.${DOMAIN}`]: headscale.url,
    [`headscale.${INTERNAL}`]: grafana.url,
    [`grafana.${INTERNAL}`]: grafana.url,
  }
  for (const [host, upstream] of Object.entries(upstreams)) front.route(host, upstream)
  const forgotten = new Set<string>()
  const published = new Set<string>()
  const dns = await startDns((name) =>
    [SOCIAL, `www.${SOCIAL}`, ...hosts, ...published].includes(name) && !forgotten.has(name)
      ? front.address
      : undefined,
  )
  return {
    front,
    ca,
    issuer,
    redirectUris,
    dns: dns.address,
    forgotten,
    published,
    plainIrc,
    upstreams,
    async replace(host, listener) {
      const other = await listen(listener)
      front.route(host, other.url)
      return async () => {
        front.route(host, upstreams[host] ?? '')
        await other.close()
      }
    },
    async [Symbol.asyncDispose]() {
      await service.end('SIGKILL')
      dns.close()
      for (const each of [redirect, www, headscale, grafana]) await each.close()
      await issuer[Symbol.asyncDispose]()
      await front.close()
      await ca.close()
      removeTempData(data)
    },
  }
}

/** The paths of Headscale that devices see, and the beginning of a login there. */
function headscaleLike(issuer: FakeIssuer): RequestListener {
  return ({ url = '' }, response) => {
    const { pathname } = new URL(url, issuer.issuer)
    if (pathname === '/health') response.end('{"status":"pass"}')
    else if (pathname === '/key') response.end(`{"publicKey":"mkey:${'0'.repeat(64)}"}`)
    else if (/^\/register\/hskey-authreq-[\w-]{24}$/.test(pathname)) {
      response
        .writeHead(302, { location: loginAt(issuer, `https://ts.${DOMAIN}/oidc/callback`) })
        .end()
    } else response.writeHead(404).end()
  }
}

/** A page, and the beginning of a login. */
function grafanaLike(issuer: FakeIssuer): RequestListener {
  const back = `https://grafana.${INTERNAL}/login/generic_oauth`
  return ({ url }, response) => {
    const isLogin = url === '/login/generic_oauth'
    if (isLogin) response.writeHead(302, { location: loginAt(issuer, back) })
    response.end()
  }
}

function loginAt({ issuer, clientId }: FakeIssuer, redirectUri: string): string {
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid profile groups',
    state: 'a state',
    // Of RFC 7636, appendix B.
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  })
  return `${issuer}/auth?${query}`
}

interface Listening {
  url: string
  server: Server
  close(): Promise<void>
}

/** An HTTP server on a free port of 127.0.0.1, or there. */
export async function listen(
  listener: RequestListener,
  port = 0,
  address = '127.0.0.1',
): Promise<Listening> {
  const server = createServer(listener).listen(port, address)
  await once(server, 'listening')
  const bound = server.address() as { port: number }
  return {
    url: `http://${address}:${bound.port}`,
    server,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A DNS server with one A record for each name that it knows. https://www.rfc-editor.org/rfc/rfc1035#section-4 */
async function startDns(
  addressOf: (name: string) => string | undefined,
): Promise<{ address: string; close(): void }> {
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    const labels: string[] = []
    let at = 12
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    const isA = query.readUInt16BE(at + 1) === 1
    const known = addressOf(labels.join('.').toLowerCase())
    const record = known !== undefined && isA
    const head = Buffer.from(query.subarray(0, 12))
    // An answer, that recursion is had; NXDOMAIN for who is not known.
    head.writeUInt16BE(known === undefined ? 0x8183 : 0x8180, 2)
    head.writeUInt16BE(record ? 1 : 0, 6)
    head.fill(0, 8)
    const bytes = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...(known ?? '').split('.').map(Number)]
    socket.send(
      [head, query.subarray(12, at + 5), ...(record ? [Buffer.from(bytes)] : [])],
      port,
      address,
    )
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { address: `127.0.0.1:${socket.address().port}`, close: () => socket.close() }
}
