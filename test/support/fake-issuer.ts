// An identity provider in this process for tests: oidc-provider, which lets in whoever `person` says without asking.
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import Provider, { type Context } from 'oidc-provider'

export interface FakePerson {
  subject: string
  username: string
  groups?: string[]
}

export interface FakeIssuer extends AsyncDisposable {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Who is logged in next. */
  person: FakePerson
  /** Paths that were asked for, oldest first. */
  readonly requests: string[]
  /** Changes what the browser or we are answered: true when it has answered itself. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  /**
   * Goes through the login as a browser does, with its own cookies; resolves to the first address that is not the
   * provider's.
   */
  browse(url: string): Promise<string>
  /** Signs with a new RSA key from now on, the only one that it shows; returns it and its name. */
  rotateKeys(): { key: KeyObject; kid: string }
  stop(): Promise<void>
  start(): Promise<void>
}

export interface FakeIssuerOptions {
  redirectUris: string[]
  logoutUris?: string[]
  /** How the client shows its secret, and the only way that is offered; by the form when absent, with others offered. */
  authMethod?: 'client_secret_basic'
  /** What it calls itself has a slash at the end. */
  hasSlash?: boolean
}

/** Starts a provider on 127.0.0.1 with one client. */
export async function startFakeIssuer(options: FakeIssuerOptions): Promise<FakeIssuer> {
  const server = createServer((request, response) => handle(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  const issuer = `http://127.0.0.1:${port}`
  const clientSecret = 'a secret of the client'
  const people = new Map<string, FakePerson>()
  const { authMethod } = options
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
          grant_types: ['authorization_code'],
          response_types: ['code'],
          token_endpoint_auth_method: authMethod ?? 'client_secret_post',
        },
      ],
      claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
      scopes: ['openid', 'profile', 'groups'],
      conformIdTokenClaims: false,
      pkce: { required: () => true },
      cookies: { keys: ['a key for the cookies'] },
      features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
      interactions: { url: () => '/interaction' },
      findAccount: (_: unknown, accountId: string) => ({
        accountId,
        claims: () => {
          const { username, groups = [] } = people.get(accountId) ?? { username: accountId }
          return { sub: accountId, preferred_username: username, groups }
        },
      }),
      async loadExistingGrant({ oidc: { client, session } }: Context) {
        const grant = new provider.Grant({
          clientId: client.clientId,
          accountId: session.accountId,
        })
        grant.addOIDCScope('openid profile groups')
        await grant.save()
        return grant
      },
    })
  let provider = makeProvider()

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '', issuer)
    fake.requests.push(pathname)
    if (fake.intercept?.(request, response)) return
    if (pathname === '/interaction') {
      const { person } = fake
      people.set(person.subject, person)
      void provider.interactionFinished(request, response, {
        login: { accountId: person.subject },
      })
    } else provider.callback()(request, response)
  }

  const fake: FakeIssuer = {
    issuer,
    clientId: 'fuchsbau',
    clientSecret,
    person: { subject: 'subject-1', username: 'reynard' },
    requests: [],
    intercept: undefined,
    async browse(url) {
      const cookies = new Map<string, string>()
      let next = url
      for (let step = 0; step < 10 && next.startsWith(issuer); step += 1) {
        const response = await fetch(next, {
          redirect: 'manual',
          headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
        })
        for (const line of response.headers.getSetCookie()) {
          const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=', 2)
          cookies.set(name, value)
        }
        const location = response.headers.get('location')
        if (location === null)
          throw new Error(`the provider says ${response.status}: ${await response.text()}`)
        next = new URL(location, next).href
      }
      return next
    },
    rotateKeys() {
      const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const kid = randomUUID()
      const jwk = { ...key.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }
      provider = makeProvider({ keys: [jwk] })
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
