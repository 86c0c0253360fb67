// An identity provider in this process for tests: oidc-provider, which lets in whoever `person` says without asking.
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import Provider, { type Context } from 'oidc-provider'

export interface FakePerson {
  subject: string
  username: string
  /** Changed while she is logged in, they are others at the next answer. */
  groups?: string[]
  /** Other claims, named in the options. */
  more?: Record<string, unknown>
}

/** What a browser keeps of the provider. */
export type Cookies = Map<string, string>

export interface FakeIssuer extends AsyncDisposable {
  readonly issuer: string
  /** Where it listens: the same, but for one behind a front. */
  readonly listening: string
  readonly clientId: string
  readonly clientSecret: string
  /** Who is logged in next. */
  person: FakePerson
  /** Paths that were asked for, oldest first. */
  readonly requests: string[]
  /** Codes, states and tokens that went over the wire. */
  readonly secrets: Set<string>
  /** Changes what the browser or we are answered: true when it has answered itself. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  /**
   * Goes through the login as a browser does, with its own cookies; resolves to the first address that is not the
   * provider's.
   */
  browse(url: string, cookies?: Cookies): Promise<string>
  /** Logs out there, by the address that we lead to, as the browser that has these cookies; resolves to where it leads then. */
  logOut(url: string, cookies: Cookies): Promise<string>
  /** Knows somebody no more, or again. */
  remove(subject: string, isRemoved?: boolean): void
  /** Signs with a new RSA key from now on, the only one that it shows; returns it and its name. */
  rotateKeys(): { key: KeyObject; kid: string }
  stop(): Promise<void>
  start(): Promise<void>
}

export interface FakeIssuerOptions {
  /** Those of its client; read again by `rotateKeys`. */
  redirectUris: string[]
  /** Its public address, `https://HOST` of a front that leads to it. */
  issuer?: string
  logoutUris?: string[]
  /** How the client shows its secret, and the only way that is offered; by the form when absent, with others offered. */
  authMethod?: 'client_secret_basic'
  /** What it calls itself has a slash at the end. */
  hasSlash?: boolean
  /** Gives refresh tokens to who asks for `offline_access`, each good once. */
  isOffline?: boolean
  /** Where it posts logout tokens. */
  backchannelUri?: string
  /** Says who somebody is by userinfo only, as the specification has it (Core 5.4). */
  hasBareIdTokens?: boolean
  /** Claims beside the usual ones. */
  claims?: string[]
}

/** Starts a provider on 127.0.0.1 with one client. */
export async function startFakeIssuer(options: FakeIssuerOptions): Promise<FakeIssuer> {
  const server = createServer((request, response) => handle(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  const listening = `http://127.0.0.1:${port}`
  const issuer = options.issuer ?? listening
  const clientSecret = 'a secret of the client'
  const people = new Map<string, FakePerson>()
  const removed = new Set<string>()
  const secrets = new Set<string>([clientSecret])
  const { authMethod, isOffline = false, backchannelUri, claims = [] } = options
  const scopes = ['openid', 'profile', 'groups', ...(isOffline ? ['offline_access'] : [])]
  const makeProvider = (jwks?: object) =>
    new Provider(options.hasSlash ? `${issuer}/` : issuer, {
      ...(jwks && { jwks }),
      ...(authMethod && { clientAuthMethods: [authMethod] }),
      clients: [
        {
          client_id: 'fuchsbau',
          client_secret: clientSecret,
          redirect_uris: options.redirectUris,
          post_logout_redirect_uris: options.logoutUris ?? [],
          grant_types: ['authorization_code', ...(isOffline ? ['refresh_token'] : [])],
          ...(backchannelUri !== undefined && {
            backchannel_logout_uri: backchannelUri,
            backchannel_logout_session_required: true,
          }),
          response_types: ['code'],
          token_endpoint_auth_method: authMethod ?? 'client_secret_post',
        },
      ],
      claims: {
        openid: ['sub', 'sid'],
        profile: ['preferred_username', ...claims],
        groups: ['groups'],
      },
      scopes,
      conformIdTokenClaims: options.hasBareIdTokens ?? false,
      rotateRefreshToken: true,
      pkce: { required: () => true },
      cookies: { keys: ['a key for the cookies'] },
      features: {
        devInteractions: { enabled: false },
        rpInitiatedLogout: { enabled: true },
        backchannelLogout: { enabled: backchannelUri !== undefined },
      },
      // Its own posts to no loopback address.
      fetch: (url: string, { method, headers, body }: RequestInit) =>
        fetch(url, { method: method ?? 'GET', headers: headers ?? {}, body: body ?? null }),
      interactions: { url: () => '/interaction' },
      findAccount: (_: unknown, accountId: string) =>
        removed.has(accountId)
          ? undefined
          : {
              accountId,
              claims: () => {
                const { username, groups, more } = people.get(accountId) ?? { username: accountId }
                return { sub: accountId, preferred_username: username, groups, ...more }
              },
            },
      async loadExistingGrant({ oidc: { client, session } }: Context) {
        const grant = new provider.Grant({
          clientId: client.clientId,
          accountId: session.accountId,
        })
        grant.addOIDCScope(scopes.join(' '))
        await grant.save()
        return grant
      },
    })
  const start = (jwks?: object) => {
    const made = makeProvider(jwks)
    made.proxy = options.issuer !== undefined
    made.on('grant.success', (context) => {
      const { body } = context as { body: Record<string, unknown> }
      for (const name of ['access_token', 'id_token', 'refresh_token']) {
        if (typeof body[name] === 'string') secrets.add(body[name])
      }
    })
    return made
  }
  let provider = start()

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '', issuer)
    fake.requests.push(pathname)
    if (fake.intercept?.(request, response)) return
    if (pathname === '/interaction') {
      const { person } = fake
      people.set(person.subject, person)
      void provider.interactionFinished(request, response, {
        login: { accountId: person.subject },
        consent: {},
      })
    } else provider.callback()(request, response)
  }

  async function ask(url: string, cookies: Cookies, body?: URLSearchParams): Promise<Response> {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(body && { method: 'POST', body }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=', 2)
      cookies.set(name, value)
    }
    return response
  }

  const fake: FakeIssuer = {
    issuer,
    listening,
    clientId: 'fuchsbau',
    clientSecret,
    person: { subject: 'subject-1', username: 'reynard' },
    requests: [],
    secrets,
    intercept: undefined,
    async browse(url, cookies = new Map()) {
      let next = url
      for (let step = 0; step < 10 && next.startsWith(issuer); step += 1) {
        const response = await ask(next, cookies)
        const location = response.headers.get('location')
        if (location === null)
          throw new Error(`the provider says ${response.status}: ${await response.text()}`)
        next = new URL(location, next).href
      }
      for (const name of ['code', 'state']) {
        const value = new URL(next).searchParams.get(name)
        if (value !== null) secrets.add(value)
      }
      return next
    },
    async logOut(url, cookies) {
      const form = await (await ask(url, cookies)).text()
      const [, address = ''] = /action="([^"]+)"/.exec(form) ?? []
      const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(form) ?? []
      const body = new URLSearchParams({ xsrf, logout: 'yes' })
      const response = await ask(new URL(address, issuer).href, cookies, body)
      return response.headers.get('location') ?? ''
    },
    remove(subject, isRemoved = true) {
      if (isRemoved) removed.add(subject)
      else removed.delete(subject)
    },
    rotateKeys() {
      const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const kid = randomUUID()
      const jwk = { ...key.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }
      provider = start({ keys: [jwk] })
      return { key, kid }
    },
    async stop() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
    async start() {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await this.stop()
    },
  }
  return fake
}
