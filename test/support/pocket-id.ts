// A real Pocket ID 2.9 for tests, without a passkey and without a browser: people, groups and clients are made by its own
// API, somebody's session comes from a one-time code, and her session authorises what its page would.
import {
  type Daemon,
  freePorts,
  isListening,
  makePeerHome,
  programInside,
  startDaemon,
} from './daemon.ts'

const API_KEY = 'the key of the tests, for its API'

export interface PocketIdUser {
  id: string
  username: string
}

interface NewUser {
  /** Ids of the groups that she is in. */
  groups?: string[]
  isAdmin?: boolean
}

export interface PocketIdClient {
  id: string
  /** Empty for a public one. */
  secret: string
}

/** What the tokens of a login are, as the token endpoint answers them. */
export interface PocketIdTokens {
  access_token: string
  id_token: string
  refresh_token: string
}

/** A client to add. PKCE is required of each. */
export interface NewClient {
  name: string
  /** Redirect URIs. */
  callbacks: string[]
  /** Where the browser may be sent after the log-out. */
  logoutCallbacks?: string[]
  /** Without a secret. */
  isPublic?: boolean
  /** Ids of the groups whose people may use it; everybody when absent. */
  groups?: string[]
}

/** Somebody who is logged in there, with her cookie. */
export interface PocketIdSession {
  readonly user: PocketIdUser
  /** Agrees to what an authorization request asks for; the address that the browser is sent to then. Rejects when she may not. */
  authorize(url: string): Promise<string>
  /** Asks for a page of its own, and follows nothing. */
  get(url: string): Promise<Response>
  /** All tokens of a login with a client, by the code flow with PKCE. `scope`: `openid profile groups` when absent. */
  tokens(client: PocketIdClient, callback: string, scope?: string): Promise<PocketIdTokens>
}

/** A running Pocket ID. Its people have no passkeys; `oneTimeCode` lets a browser in, at `/lc/CODE`. */
export interface PocketId extends Daemon {
  /** `http://localhost:PORT`: passkeys work on localhost without TLS. */
  readonly issuer: string
  addUser(username: string, options?: NewUser): Promise<PocketIdUser>
  /** False brings her back. */
  disable(user: PocketIdUser, isDisabled?: boolean): Promise<void>
  /** Returns its id. */
  addGroup(name: string): Promise<string>
  /** Ids of the groups that somebody is in. */
  groupsOf(user: PocketIdUser): Promise<string[]>
  /** The groups that somebody is in from now on, by their ids. */
  setGroups(user: PocketIdUser, groups: string[]): Promise<void>
  addClient(client: NewClient): Promise<PocketIdClient>
  oneTimeCode(user: PocketIdUser): Promise<string>
  logIn(user: PocketIdUser): Promise<PocketIdSession>
  /** Asks for tokens with these fields; what it answers, whatever that is. */
  token(client: PocketIdClient, fields: Record<string, string>): Promise<Response>
}

/** Makes and starts one without people; resolves when it answers. */
export async function startPocketId(): Promise<PocketId> {
  const home = makePeerHome('pocketId')
  const [port = 0] = await freePorts(1)
  const issuer = `http://localhost:${port}`
  Object.assign(home.env, {
    APP_URL: issuer,
    HOST: '127.0.0.1',
    PORT: String(port),
    ENCRYPTION_KEY: 'a key of 32 characters, or more..',
    STATIC_API_KEY: API_KEY,
    DB_CONNECTION_STRING: `${home.inside}/pocket-id.db`,
    UPLOAD_PATH: home.mkdir('uploads'),
    ANALYTICS_DISABLED: 'true',
    VERSION_CHECK_DISABLED: 'true',
  })
  const daemon = await startDaemon({
    name: 'Pocket ID',
    home,
    program: programInside('pocketId'),
    args: [],
    isReady: async () => (await isListening(port)) && (await fetch(`${issuer}/healthz`)).ok,
  })

  async function call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${issuer}/api/${path}`, {
      method,
      headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return (await answerOf(response)) as Answer
  }

  const change = async (user: PocketIdUser, changes: object) => {
    const before = await call<object>('GET', `users/${user.id}`)
    await call('PUT', `users/${user.id}`, { ...before, ...changes })
  }

  const pocketId: PocketId = Object.assign(daemon, {
    issuer,
    addUser: (username: string, { groups = [], isAdmin = false }: NewUser = {}) =>
      call<PocketIdUser>('POST', 'users', {
        username,
        email: `${username}@id.test`,
        firstName: username,
        displayName: username,
        isAdmin,
        userGroupIds: groups,
      }),
    disable: (user: PocketIdUser, isDisabled = true) => change(user, { disabled: isDisabled }),
    async addGroup(name: string) {
      const { id } = await call<{ id: string }>('POST', 'user-groups', { name, friendlyName: name })
      return id
    },
    async groupsOf({ id }: PocketIdUser) {
      const groups = await call<{ id: string }[]>('GET', `users/${id}/groups`)
      return groups.map((group) => group.id)
    },
    async setGroups(user: PocketIdUser, userGroupIds: string[]) {
      await call('PUT', `users/${user.id}/user-groups`, { userGroupIds })
    },
    async addClient({
      name,
      callbacks,
      logoutCallbacks = [],
      isPublic = false,
      groups,
    }: NewClient) {
      const { id } = await call<{ id: string }>('POST', 'oidc/clients', {
        name,
        callbackURLs: callbacks,
        logoutCallbackURLs: logoutCallbacks,
        isPublic,
        pkceEnabled: true,
        isGroupRestricted: groups !== undefined,
      })
      if (groups)
        await call('PUT', `oidc/clients/${id}/allowed-user-groups`, { userGroupIds: groups })
      if (isPublic) return { id, secret: '' }
      return { id, ...(await call<{ secret: string }>('POST', `oidc/clients/${id}/secret`)) }
    },
    async oneTimeCode({ id }: PocketIdUser) {
      const path = `users/${id}/one-time-access-token`
      return (await call<{ token: string }>('POST', path, { ttl: '1h' })).token
    },
    async logIn(user: PocketIdUser) {
      const code = await pocketId.oneTimeCode(user)
      const response = await fetch(`${issuer}/api/one-time-access-token/${code}`, {
        method: 'POST',
      })
      await answerOf(response)
      const cookie = response.headers
        .getSetCookie()
        .map((line) => line.split(';')[0])
        .join('; ')
      return sessionOf(pocketId, user, cookie)
    },
    token: ({ id, secret }: PocketIdClient, fields: Record<string, string>) =>
      fetch(`${issuer}/api/oidc/token`, {
        method: 'POST',
        body: new URLSearchParams({
          client_id: id,
          ...(secret !== '' && { client_secret: secret }),
          ...fields,
        }),
      }),
  })
  return pocketId
}

function sessionOf(pocketId: PocketId, user: PocketIdUser, cookie: string): PocketIdSession {
  const session: PocketIdSession = {
    user,
    async authorize(url) {
      const asked = new URL(url).searchParams
      const response = await fetch(`${pocketId.issuer}/api/oidc/authorize`, {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json' },
        body: JSON.stringify({
          clientID: asked.get('client_id'),
          scope: asked.get('scope'),
          callbackURL: asked.get('redirect_uri'),
          nonce: asked.get('nonce') ?? '',
          codeChallenge: asked.get('code_challenge') ?? '',
          codeChallengeMethod: asked.get('code_challenge_method') ?? '',
        }),
      })
      const { code, callbackURL, issuer } = await answerOf(response)
      // What its page does next.
      const back = new URL(String(callbackURL))
      back.searchParams.set('code', String(code))
      back.searchParams.set('state', asked.get('state') ?? '')
      back.searchParams.set('iss', String(issuer))
      return back.href
    },
    get: (url) => fetch(url, { redirect: 'manual', headers: { cookie } }),
    async tokens(client, callback, scope = 'openid profile groups') {
      // The verifier and its challenge of RFC 7636, appendix B.
      const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
      const query = new URLSearchParams({
        client_id: client.id,
        redirect_uri: callback,
        scope,
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
      })
      const back = await session.authorize(`${pocketId.issuer}/authorize?${query}`)
      const response = await pocketId.token(client, {
        grant_type: 'authorization_code',
        code: new URL(back).searchParams.get('code') ?? '',
        redirect_uri: callback,
        code_verifier: verifier,
      })
      return (await answerOf(response)) as unknown as PocketIdTokens
    },
  }
  return session
}

/** The object that it answers; rejects with what it says when it refuses. */
async function answerOf(response: Response): Promise<Record<string, unknown>> {
  const said = await response.text()
  if (!response.ok) throw new Error(`Pocket ID answers ${response.status}: ${said}`)
  return said === '' ? {} : (JSON.parse(said) as Record<string, unknown>)
}
