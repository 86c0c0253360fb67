// `fuchsbau deploy check` as a process, on an installation where all is right, and on one fault after the other.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer as createPlainServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeServerCertificate } from '../../services/bouncer/self-signed.ts'
import { startDeploy } from '../support/deploy-command.ts'
import {
  type DeployLab,
  DOMAIN,
  INTERNAL,
  listen,
  SOCIAL,
  startDeployLab,
} from '../support/deploy-lab.ts'
import { makeTempData, removeTempData } from '../support/temp-data.ts'

const DAY_MS = 86_400_000
let lab: DeployLab

beforeAll(async () => {
  lab = await startDeployLab()
})
afterAll(() => lab?.[Symbol.asyncDispose]())

interface Finding {
  area: string
  subject: string
  level: string
  message: string
  mend?: string
}

const known = () => ['--ca', lab.ca.file, '--resolve', `*=${lab.front.address}`]
const names = ['--set', `DOMAIN=${DOMAIN}`, '--set', `SOCIAL_DOMAIN=${SOCIAL}`]

const atHome = () => [
  ...['--set', `EXTERNAL_ADDRESS=${lab.front.address}`],
  ...['--set', `INTERNAL_DOMAIN=${INTERNAL}`],
  ...['--set', `INTERNAL_ADDRESS=${lab.front.address}`],
]

/** Runs it; every finding. The exit code is 1 exactly when one failed. */
async function check(...args: string[]): Promise<Finding[]> {
  const { child, ended } = startDeploy(['check', '--json', ...names, ...args])
  child.stdin.end()
  const { code, out, err } = await ended
  expect(err).toBe('')
  const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] }
  const hasFailed = findings.some(({ level }) => level === 'fail')
  expect([ok, code]).toEqual([!hasFailed, hasFailed ? 1 : 0])
  return findings
}

/** What is not right of an area, a line each. */
async function faults(area: string, ...args: string[]): Promise<string[]> {
  const findings = await check('--only', area, ...args, ...known())
  return findings
    .filter(({ level }) => level !== 'ok')
    .map(({ level, subject, message, mend }) => `${level} ${subject}: ${message} -> ${mend}`)
}

describe('where all is right', () => {
  test('every line says so, in the order of the areas, and the exit code is 0', async () => {
    const { child, ended } = startDeploy(
      ['check', ...names, ...atHome(), '--ca', lab.ca.file],
      lab.front.command,
    )
    child.stdin.end()
    const { code, out, err } = await ended
    expect(err).toBe('')
    expect(out).not.toMatch(/^ {2}(fail|warn|skip)/m)
    expect(out.match(/^\w.*/gm)).toEqual([
      'dns',
      'tls',
      'redirect',
      'fediverse',
      'login',
      'irc',
      'registry',
      'headscale',
      'internal',
      expect.stringMatching(/^0 failed, 0 to look at, 36 right$/),
    ])
    for (const line of [
      `WebFinger                   acct:you@${SOCIAL} is https://${SOCIAL}/you`,
      `registry   may send people back to https://oci.${DOMAIN}/login/oidc/back`,
      `irc.${DOMAIN}:6697  greets with`,
      `Bearer realm="https://oci.${DOMAIN}/token",service="oci.${DOMAIN}"`,
    ]) {
      expect(out.replaceAll(/ {3,}/g, '  ')).toContain(line.replaceAll(/ {3,}/g, '  '))
    }
    expect(code).toBe(0)
  })

  test('the same before DNS knows the names, by --resolve', async () => {
    const findings = await check(...known())
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([])
  })
})

describe('dns', () => {
  const ask = async (...args: string[]) => {
    const findings = await check('--only', 'dns', '--resolver', lab.dns, ...args)
    return Object.fromEntries(findings.map((each) => [each.subject, each]))
  }
  const publicly = () => ['--set', `PUBLIC_ADDRESS=${lab.front.address}`]

  test('a name that nobody knows', async () => {
    lab.forgotten.add(`ts.${DOMAIN}`)
    const found = await ask(...publicly())
    lab.forgotten.clear()
    expect(found[`ts.${DOMAIN}`]).toMatchObject({ level: 'fail', message: 'has no address' })
    expect(found[`ts.${DOMAIN}`]?.mend).toContain('kubectl -n headscale get httproute')
    expect(found[`oci.${DOMAIN}`]?.level).toBe('ok')
  })

  test('is told once: what needs the name is passed over', async () => {
    lab.forgotten.add(`ts.${DOMAIN}`)
    const args = ['--resolver', lab.dns, ...publicly(), '--ca', lab.ca.file]
    const findings = await check('--only', 'dns,headscale', ...args)
    const alone = await check('--only', 'headscale', ...args)
    lab.forgotten.clear()
    expect(findings.filter(({ level }) => level === 'fail')).toHaveLength(1)
    expect(findings.filter(({ level }) => level === 'skip')).toHaveLength(3)
    expect(alone.map(({ level }) => level)).toEqual(['fail', 'fail', 'fail'])
  })

  test('a private address that is not the Gateway', async () => {
    const found = await ask('--set', 'EXTERNAL_ADDRESS=192.0.2.1')
    expect(found[SOCIAL]?.level).toBe('fail')
    expect(found[SOCIAL]?.message).toContain('is no address of the internet')
  })

  test('the private address of the Gateway, told to the internet', async () => {
    const found = await ask('--set', `EXTERNAL_ADDRESS=${lab.front.address}`)
    expect(found[SOCIAL]?.message).toContain('nobody outside gets to this private address')
  })

  test('a DNS server that does not answer', async () => {
    const findings = await check('--only', 'dns', '--resolver', '127.0.0.1:9')
    expect(findings.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^cannot be looked up/),
    )
  })
})

describe('tls', () => {
  /** A TLS server that shows this certificate, at which a name is looked for. */
  async function showing(host: string, shown: { cert: string; key: string }, port = 443) {
    const server = createServer(shown, (socket) => socket.end()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const bound = server.address() as { port: number }
    const rule = ['--resolve', `${host}:${port}=127.0.0.1:${bound.port}`]
    return { rule, [Symbol.asyncDispose]: async () => void server.close() }
  }

  test('a certificate for another name', async () => {
    await using wrong = await showing(`oci.${DOMAIN}`, await lab.ca.issue('other.example'))
    expect(await faults('tls', ...wrong.rule)).toEqual([
      `fail oci.${DOMAIN}: the certificate is for other.example -> kubectl -n gateways describe certificate domain; its dnsNames are to have oci.${DOMAIN}`,
    ])
  })

  const selfSigned = (host: string, notBefore: number, notAfter: number) =>
    makeServerCertificate({
      names: [host],
      key: undefined,
      notBefore: new Date(notBefore),
      notAfter: new Date(notAfter),
    })

  test('one that has expired', async () => {
    const now = Date.now()
    const shown = await selfSigned(SOCIAL, now - 90 * DAY_MS, now - DAY_MS)
    await using old = await showing(SOCIAL, shown)
    expect(await faults('tls', ...old.rule)).toEqual([
      expect.stringMatching(
        /^fail den-social\.example: the certificate expired on .* social-apex$/,
      ),
    ])
  })

  test('one that is not renewed in time', async () => {
    const now = Date.now()
    const shown = await selfSigned(SOCIAL, now - 85 * DAY_MS, now + 5.5 * DAY_MS)
    await using old = await showing(SOCIAL, shown)
    const directory = makeTempData('check')
    const file = join(directory, 'ca.pem')
    writeFileSync(file, shown.cert)
    const findings = await check('--only', 'tls', '--ca', file, ...old.rule, ...known().slice(2))
    removeTempData(directory)
    expect(findings[0]).toMatchObject({
      level: 'warn',
      message: `${SOCIAL} for ${SOCIAL}, 5 days left`,
    })
    // Without the authority.
    expect(await faults('tls', ...old.rule)).toEqual([
      expect.stringContaining('a certificate that nobody but itself has signed'),
    ])
  })

  test('one of an authority that nobody knows', async () => {
    const findings = await check('--only', 'tls', '--resolve', `*=${lab.front.address}`)
    expect(findings.map(({ level }) => level)).toEqual(Array(5).fill('fail'))
    expect(findings[0]?.message).toContain('an authority that is not known here')
    expect(findings[0]?.mend).toContain('--ca FILE')
  })

  test('a server that speaks without TLS, and none at all', async () => {
    await using plain = await listening((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const rules = [
      ...['--resolve', `${SOCIAL}:443=127.0.0.1:${plain.port}`],
      ...['--resolve', `ts.${DOMAIN}:443=127.0.0.1:9`],
    ]
    expect(await faults('tls', ...rules)).toEqual([
      expect.stringContaining(`fail ${SOCIAL}: answers without TLS`),
      expect.stringContaining(
        `fail ts.${DOMAIN}: refuses the connection -> The router forwards 443`,
      ),
    ])
  })
})

/** A TCP server on a free port. */
async function listening(listener: (socket: Socket) => void) {
  const server = createPlainServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return { port, [Symbol.asyncDispose]: async () => void server.close() }
}

describe('redirect', () => {
  test.each<[string, number, Record<string, string>, RegExp]>([
    ['a page without TLS', 200, {}, /fail http.*: answers 200 without TLS/],
    [
      'a redirect to elsewhere',
      301,
      { location: 'https://other.example/' },
      /leads to https:..oth/,
    ],
    ['a redirect to plain HTTP', 302, { location: 'http://den.example/' }, /leads to http:/],
  ])('%s', async (_, status, headers, expected) => {
    const server = await listen((_request, response) => response.writeHead(status, headers).end())
    const { port } = new URL(server.url)
    const found = await faults('redirect', '--resolve', `${SOCIAL}:80=127.0.0.1:${port}`)
    await server.close()
    expect(found).toEqual([expect.stringMatching(expected)])
  })

  test('a closed port is a warning', async () => {
    expect(await faults('redirect', '--resolve', `${SOCIAL}:80=127.0.0.1:9`)).toEqual([
      expect.stringMatching(/^warn http:\/\/den-social.example: port 80 refuses .*forward 80/),
    ])
  })
})

/** Leads a name to a stand-in while something is looked at. */
async function instead<T>(
  host: string,
  listener: RequestListener,
  look: () => Promise<T>,
): Promise<T> {
  const undo = await lab.replace(host, listener)
  try {
    return await look()
  } finally {
    await undo()
  }
}

describe('fediverse', () => {
  test('a server that goes by another name', async () => {
    const alias = 'alias.example'
    for (const host of [alias, `www.${alias}`]) lab.front.route(host, lab.upstreams[SOCIAL] ?? '')
    const found = await faults('fediverse', '--set', `SOCIAL_DOMAIN=${alias}`)
    expect(found[0]).toContain(`fail WebFinger: answers 404 for acct:you@${alias}`)
    expect(found.join('\n')).toContain(
      `fail NodeInfo: /.well-known/nodeinfo answers 200, and leads to https://${SOCIAL}`,
    )
    expect(found.join('\n')).toContain(`fail www.${alias}: answers 404`)
  })

  test('an account that is not there', async () => {
    expect(await faults('fediverse', '--set', 'OWNER=hare')).toEqual([
      expect.stringMatching(/^fail WebFinger: answers 404 for acct:hare@.*OWNER is to be a user/),
    ])
  })

  test.each<[string, string, RegExp]>([
    ['WebFinger that leads to another host', 'https://other.example/you', /leads to https:..other/],
    ['WebFinger that leads to plain HTTP', `http://${SOCIAL}/you`, /leads to http:/],
  ])('%s', async (_, href, expected) => {
    const subject = `acct:you@${SOCIAL}`
    const links = [{ rel: 'self', type: 'application/activity+json', href }]
    const found = await instead(
      SOCIAL,
      (_request, response) => response.end(JSON.stringify({ subject, links })),
      () => faults('fediverse'),
    )
    expect(found[0]).toMatch(/^fail WebFinger: /)
    expect(found[0]).toMatch(expected)
    expect(found[0]).toContain(`FUCHSBAU_FEDIVERSE_URL is to be https://${SOCIAL}`)
  })

  test('something in front that answers all with pages', async () => {
    const found = await instead(
      SOCIAL,
      (_request, response) =>
        response.writeHead(200, { 'content-type': 'text/html' }).end('<p>hello'),
      () => faults('fediverse'),
    )
    expect(found[0]).toContain('fail WebFinger: names no subject')
  })

  test('another version than the settings say', async () => {
    expect(await faults('fediverse', '--set', 'FUCHSBAU_VERSION=9.9.9')).toEqual([
      expect.stringContaining('FUCHSBAU_VERSION is 9.9.9 -> flux get kustomizations fediverse'),
    ])
  })
})

describe('login', () => {
  test('a redirect URI that the provider does not know', async () => {
    const uri = `https://irc.${DOMAIN}/login/oidc/back`
    lab.redirectUris.splice(lab.redirectUris.indexOf(uri), 1)
    lab.issuer.rotateKeys()
    const found = await faults('login')
    lab.redirectUris.push(uri)
    lab.issuer.rotateKeys()
    expect(found).toEqual([
      expect.stringMatching(/^fail bouncer: the provider refuses the request of fuchsbau .*\(400/),
    ])
    expect(found[0]).toContain(`-> Add the callback URL ${uri} to the client fuchsbau in Pocket ID`)
    expect(await faults('login')).toEqual([])
  })

  /** A provider that answers the requests of our services with this. */
  const provider =
    (status: number, location?: string): RequestListener =>
    ({ url = '' }, response) => {
      const issuer = `https://auth.${DOMAIN}`
      const document = {
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        jwks_uri: `${issuer}/jwks`,
        code_challenge_methods_supported: ['S256'],
        keys: [{}],
      }
      if (!url.startsWith('/auth')) response.end(JSON.stringify(document))
      else response.writeHead(status, location === undefined ? {} : { location }).end()
    }
  const back = `https://oci.${DOMAIN}/login/oidc/back`

  test.each<[string, RequestListener, string]>([
    [
      'shows its refusal on a page of its own, as Pocket ID does',
      provider(302, '/interaction/error?error=The+redirect_uri+is+not+registered'),
      `fail registry: the provider refuses the request of fuchsbau for ${back} (302: The redirect_uri is not registered) -> Add the callback URL`,
    ],
    [
      'shows a page whatever it is asked',
      provider(200),
      'warn registry: the provider shows a page that does not say whether it knows the request',
    ],
    [
      'knows the address, and allows less than we ask for',
      provider(303, `${back}?error=invalid_scope&error_description=no+groups`),
      'fail registry: the provider answers invalid_scope: no groups -> Look at the settings of the client',
    ],
  ])('a provider that %s', async (_, listener, expected) => {
    const found = await instead(`auth.${DOMAIN}`, listener, () => faults('login'))
    expect(found.filter((line) => line.includes(' registry:'))).toEqual([
      expect.stringContaining(expected),
    ])
  })

  test('a provider that is away', async () => {
    const found = await instead(
      `auth.${DOMAIN}`,
      (_request, response) => response.writeHead(502).end(),
      () => faults('login'),
    )
    expect(found[0]).toMatch(/^fail provider: .* answers 502 -> kubectl -n pocket-id get pods/)
    expect(found.slice(1).map((line) => line.split(':')[0])).toEqual([
      'skip fediverse',
      'skip registry',
      'skip bouncer',
      'skip headscale',
    ])
  })

  test('a provider that calls itself otherwise', async () => {
    const found = await instead(
      `auth.${DOMAIN}`,
      (_request, response) => response.end('{"issuer":"http://localhost:1411"}'),
      () => faults('login'),
    )
    expect(found[0]).toContain(
      `fail provider: calls itself http://localhost:1411 -> APP_URL of Pocket ID is to be https://auth.${DOMAIN}`,
    )
  })

  test('a service without a client', async () => {
    const found = await instead(
      `oci.${DOMAIN}`,
      (_request, response) => response.writeHead(404).end(),
      () => faults('login'),
    )
    expect(found).toEqual([
      expect.stringMatching(
        /^fail registry: .*login\/oidc answers 404, and leads to nobody -> .*fuchsbau\/registry/,
      ),
    ])
  })
})

describe('irc', () => {
  test('plain text on the port of TLS', async () => {
    const rule = ['--resolve', `irc.${DOMAIN}:6697=127.0.0.1:${lab.plainIrc}`]
    expect(await faults('irc', ...rule)).toEqual([
      expect.stringMatching(/^fail irc\.den\.example:6697: speaks IRC in plain text: .*TCPRoute/),
    ])
  })

  test('nobody there', async () => {
    expect(await faults('irc', '--resolve', `irc.${DOMAIN}:6697=127.0.0.1:9`)).toEqual([
      expect.stringMatching(/refuses the connection -> The router forwards 6697/),
    ])
  })

  test('a server that says nothing, or something else', async () => {
    const shown = await lab.ca.issue(`irc.${DOMAIN}`)
    for (const [said, expected] of [
      ['', 'says nothing to CAP LS'],
      ['220 mail.example ESMTP\r\n', 'says 220 mail.example ESMTP to CAP LS'],
    ] as const) {
      const server = createServer(shown, (socket) => socket.end(said)).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as { port: number }
      const found = await faults('irc', '--resolve', `irc.${DOMAIN}:6697=127.0.0.1:${port}`)
      server.close()
      expect(found).toEqual([expect.stringContaining(expected)])
    }
  })
})

describe('registry', () => {
  const host = `oci.${DOMAIN}`
  test.each<[string, number, Record<string, string>, string]>([
    ['no challenge', 200, {}, `https://${host}/v2/ answers 200 without a challenge`],
    [
      'a login by Zot itself',
      401,
      { 'www-authenticate': 'Basic realm="zot"' },
      'answers 401 with Basic',
    ],
    [
      'a challenge that leads elsewhere',
      401,
      { 'www-authenticate': `Bearer realm="http://localhost:3002/token",service="localhost"` },
      'sends clients to http://localhost:3002/token for localhost',
    ],
    ['a gateway without a service', 503, {}, 'answers 503 without a challenge'],
  ])('%s', async (_, status, headers, message) => {
    const found = await instead(
      host,
      (_request, response) => response.writeHead(status, headers).end(),
      () => faults('registry'),
    )
    expect(found).toEqual([expect.stringMatching(/^fail challenge: /)])
    expect(found[0]).toContain(message)
  })

  test('a token endpoint that fails', async () => {
    const found = await instead(
      host,
      ({ url = '' }, response) => {
        const challenge = `Bearer realm="https://${host}/token",service="${host}"`
        if (url.startsWith('/token')) response.writeHead(500).end()
        else response.writeHead(401, { 'www-authenticate': challenge }).end()
      },
      () => faults('registry'),
    )
    expect(found).toEqual([expect.stringMatching(/^fail token endpoint: .* answers 500/)])
  })
})

describe('headscale', () => {
  test('unhealthy, and its API open to the world', async () => {
    const found = await instead(
      `ts.${DOMAIN}`,
      (_request, response) => response.writeHead(401).end('{"status":"fail"}'),
      () => faults('headscale'),
    )
    expect(found).toEqual([
      expect.stringContaining('answers 401 fail'),
      expect.stringContaining('without a key'),
      expect.stringContaining('it is open to whoever guesses a key'),
    ])
  })
})

describe('internal', () => {
  const only = ['--only', 'internal', ...names]
  const ask = (...args: string[]) => check(...only, ...atHome(), ...args)

  test('names that are known at home only are passed over elsewhere', async () => {
    const findings = await ask('--resolver', lab.dns)
    expect(findings.map(({ level, subject }) => `${level} ${subject}`)).toEqual([
      `skip headscale.${INTERNAL}`,
      `skip grafana.${INTERNAL}`,
    ])
  })

  test('certificates of Vault count for them, and not for public names', async () => {
    const rules = ['--resolve', `*=${lab.front.address}`, '--set', `VAULT_CA=@${lab.ca.file}`]
    const findings = await check('--only', 'tls,internal', ...names, ...atHome(), ...rules)
    const levels = (area: string) =>
      findings.filter((each) => each.area === area).map(({ level }) => level)
    expect(levels('tls')).toEqual(Array(5).fill('fail'))
    expect(levels('internal')).toEqual(Array(5).fill('ok'))
  })

  test('a page that is down, and a login that nobody registered', async () => {
    const uri = `https://grafana.${INTERNAL}/login/generic_oauth`
    lab.redirectUris.splice(lab.redirectUris.indexOf(uri), 1)
    lab.issuer.rotateKeys()
    const found = await instead(
      `headscale.${INTERNAL}`,
      (_request, response) => response.writeHead(503).end(),
      () => faults('internal', ...atHome()),
    )
    lab.redirectUris.push(uri)
    lab.issuer.rotateKeys()
    expect(found).toEqual([
      `fail headscale.${INTERNAL}: /web answers 503 -> kubectl -n headscale get pods,httproutes`,
      expect.stringContaining(`-> Add the callback URL ${uri} to the client fuchsbau in Pocket ID`),
    ])
  })

  test('a record that stands in public DNS', async () => {
    lab.published.add(`grafana.${INTERNAL}`)
    const findings = await ask('--resolver', lab.dns, '--ca', lab.ca.file)
    lab.published.clear()
    expect(findings.find(({ level }) => level === 'warn')).toMatchObject({
      subject: `grafana.${INTERNAL}`,
      message: `${lab.front.address} stands in public DNS`,
    })
  })
})

describe('a server that means harm', () => {
  test('answers without end: it is cut off', async () => {
    const found = await instead(
      `ts.${DOMAIN}`,
      (_request, response) => {
        response.on('error', () => undefined)
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
          if (!response.destroyed) response.once('drain', more)
        }
        more()
      },
      () => faults('headscale'),
    )
    expect(found).toEqual(Array(3).fill(expect.stringContaining('answers without end')))
  })

  test('never answers: it is not waited for', async () => {
    const found = await instead(
      `oci.${DOMAIN}`,
      () => undefined,
      () => faults('tls,registry'),
    )
    expect(found).toEqual([expect.stringMatching(/^fail challenge: .* does not answer/)])
  })

  test('says nothing of what it wants to the terminal', async () => {
    const found = await instead(
      `auth.${DOMAIN}`,
      (_request, response) =>
        response.end(JSON.stringify({ issuer: `\u001b[2J\u0007${'x'.repeat(9_000)}` })),
      () => faults('login'),
    )
    expect(found[0]).toMatch(/^fail provider: calls itself {2}?\[2J x+…/)
    expect(found[0]?.length).toBeLessThan(1_000)
  })
})

describe('wrong arguments are refused with what is right', () => {
  test.each([
    [[], /fuchsbau\/settings\.yaml is not there: give the directory that init has written/],
    [['--set', 'DOMAIN=a.example'], /SOCIAL_DOMAIN is not set: --set SOCIAL_DOMAIN=…/],
    [['--set', 'DOMIAN=a.example'], /did you mean DOMAIN/],
    [[...names, '--only', 'dsn'], /--only dsn: did you mean dns\?/],
    [[...names, '--resolve', 'a.example'], /write NAME=ADDRESS/],
    [[...names, '--ca', '/none.pem'], /\/none\.pem cannot be read: ENOENT/],
    [[...names, '--resolver', 'dns.example'], /--resolver dns\.example: write an address/],
    [
      ['--set', 'DOMAIN=https://a.example', '--set', 'SOCIAL_DOMAIN=b.example'],
      /it must be a domain/,
    ],
  ])('%j', async (args, expected) => {
    const { child, ended } = startDeploy(['check', ...args])
    child.stdin.end()
    const { code, out, err } = await ended
    expect(err).toMatch(expected)
    expect(out).toBe('')
    expect([1, 64]).toContain(code)
  })
})
