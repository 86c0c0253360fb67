// Logging in with an identity provider: the authorization code flow of OpenID Connect with PKCE, state and nonce, and logging
// out there. https://openid.net/specs/openid-connect-core-1_0.html No code, token or state gets into the log.
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'

export type OidcOptions = {
  issuer: string
  clientId: string
  /** None: a public client, protected by PKCE alone. */
  clientSecret?: string | undefined
  /** Where the provider sends people back to, exactly as it is registered there. */
  redirectUri: string
  clock: Clock
  log: Log
}

/** What must be kept, on the server, from the beginning of a login to its end. */
export type PendingLogin = { state: string; nonce: string; verifier: string }

/** Who somebody is, as the provider says. The pair of issuer and subject never changes; nothing else is reliable. */
export type Identity = {
  issuer: string
  subject: string
  /** May be changed by the person, at many providers. */
  preferredUsername: string | undefined
  groups: string[]
  /** For the logout. */
  idToken: string
}

/** Why there is no login, in a sentence for the person. */
type Failure = { ok: false; message: string }

export type RelyingParty = {
  readonly issuer: string
  /** Where to send the browser. Fails while the provider cannot be reached. */
  begin(): Promise<{ ok: true; url: string; pending: PendingLogin } | Failure>
  /** Reads what the browser brought back: the query of the redirect URI. */
  finish(query: string, pending: PendingLogin): Promise<{ ok: true; identity: Identity } | Failure>
  /** Where to send the browser to log out there too; undefined when the provider has no such address. */
  logoutUrl(idToken: string, returnTo: string): Promise<string | undefined>
  /** Origins that `begin` and `logoutUrl` lead to, as far as they are known. */
  origins(): string[]
}

/** Its documents and tokens have some KiB. */
const MAX_ANSWER_BYTES = 1024 * 1024
const SCOPE = 'openid profile groups'
const TIMEOUT_SECONDS = 10
/** A provider that was not there is not asked again before. */
const RETRY_MS = 3_000
/** Its addresses and keys are read anew so often. */
const FRESH_MS = 6 * 3_600_000

/** A client of one provider, which is not contacted before the first login. */
export function createRelyingParty(options: OidcOptions): RelyingParty {
  const { issuer, log, redirectUri } = options
  const provider = new Provider(options)
  return {
    issuer,
    async begin() {
      const client = await provider.find()
      if (!client) return unreachable
      const pending = {
        state: randomState(),
        nonce: randomNonce(),
        verifier: randomPKCECodeVerifier(),
      }
      const url = buildAuthorizationUrl(client, {
        redirect_uri: redirectUri,
        scope: supportedScope(client),
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
      })
      return { ok: true, url: url.href, pending }
    },
    async finish(query, { state, nonce, verifier }) {
      const client = await provider.find()
      if (!client) return unreachable
      try {
        const tokens = await authorizationCodeGrant(client, new URL(`${redirectUri}?${query}`), {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        })
        const claims = tokens.claims()
        if (!claims || !tokens.id_token) return refused
        const { iss, sub, preferred_username: name, groups } = claims
        return {
          ok: true,
          identity: {
            issuer: iss,
            subject: sub,
            preferredUsername: typeof name === 'string' ? name : undefined,
            groups: Array.isArray(groups) ? groups.filter((each) => typeof each === 'string') : [],
            idToken: tokens.id_token,
          },
        }
      } catch (error) {
        const isDenied = error instanceof AuthorizationResponseError
        log.warn({ issuer, reason: reasonOf(error) }, 'a login was not accepted')
        return isDenied
          ? { ok: false, message: `${new URL(issuer).host} did not let you in.` }
          : refused
      }
    },
    async logoutUrl(idToken, returnTo) {
      const client = await provider.find()
      if (client?.serverMetadata().end_session_endpoint === undefined) return
      return buildEndSessionUrl(client, {
        id_token_hint: idToken,
        post_logout_redirect_uri: returnTo,
      }).href
    },
    origins() {
      const { end_session_endpoint: end, authorization_endpoint: begin } =
        provider.known?.serverMetadata() ?? {}
      const all = [issuer, begin, end].flatMap((url) => URL.parse(url ?? '')?.origin ?? [])
      return [...new Set(all)]
    },
  }
}

const unreachable: Failure = {
  ok: false,
  message: 'The identity provider cannot be reached. Try again in a minute, or use a password.',
}

const refused: Failure = {
  ok: false,
  message: 'The login could not be finished. Begin again from the login page.',
}

/** What the provider says of itself, read when it is wanted and kept for a while. */
class Provider {
  readonly #options: OidcOptions
  #discovering: Promise<Configuration | undefined> | undefined
  #knownAt = Number.NEGATIVE_INFINITY
  #failedAt = Number.NEGATIVE_INFINITY
  /** As it was the last time. */
  known: Configuration | undefined

  constructor(options: OidcOptions) {
    this.#options = options
  }

  /** Undefined while it cannot be reached for the first time. */
  async find(): Promise<Configuration | undefined> {
    const { clock, log, issuer } = this.#options
    if (clock.now() - this.#knownAt < FRESH_MS) return this.known
    if (clock.now() - this.#failedAt < RETRY_MS) return this.known
    this.#discovering ??= discover(this.#options)
      .then(
        (configuration) => {
          this.known = configuration
          this.#knownAt = clock.now()
        },
        (error: unknown) => {
          this.#failedAt = clock.now()
          log.warn({ issuer, reason: reasonOf(error) }, 'the identity provider cannot be reached')
        },
      )
      .then(() => {
        this.#discovering = undefined
        return this.known
      })
    return await this.#discovering
  }
}

/**
 * Plain HTTP only where the operator has written `http://`, which means a provider on this machine or in a test. ID tokens are
 * checked with the provider's keys, which are read anew when a key is not among them, at most once a minute: what leads to the
 * provider may not be TLS all the way (Core 3.1.3.7, 6 would do without then).
 */
async function discover({ issuer, clientId, clientSecret }: OidcOptions): Promise<Configuration> {
  const url = new URL(`${issuer}/.well-known/openid-configuration`)
  const insecure = url.protocol === 'http:' ? [allowInsecureRequests] : []
  const client = await discovery(url, clientId, undefined, authentication(clientSecret), {
    timeout: TIMEOUT_SECONDS,
    execute: [enableNonRepudiationChecks, ...insecure],
    [customFetch]: cappedFetch,
  })
  const { issuer: named } = client.serverMetadata()
  // A slash at the end of the setting is cut off. https://openid.net/specs/openid-connect-discovery-1_0.html#section-4.3
  if (named === issuer || named === `${issuer}/`) return client
  throw Object.assign(new Error('another issuer'), { code: 'ANOTHER_ISSUER' })
}

/** How we show our secret: by the form when the provider says that it takes that, else as each must (Discovery, 3). */
function authentication(secret: string | undefined): ClientAuth {
  if (secret === undefined) return None()
  const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)]
  return (server, client, body, headers) => {
    const { token_endpoint_auth_methods_supported: methods = [] } = server
    const show = methods.includes('client_secret_post') ? post : basic
    return show(server, client, body, headers)
  }
}

async function cappedFetch(url: string, options: object): Promise<Response> {
  const response = await fetch(url, options)
  let left = MAX_ANSWER_BYTES
  const cap = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      left -= part.byteLength
      if (left < 0) controller.error(new Error('the answer is too long'))
      else controller.enqueue(part)
    },
  })
  return new Response(response.body?.pipeThrough(cap) ?? null, response)
}

/** `groups` is not everywhere, and some providers refuse a scope that they do not know. */
function supportedScope(client: Configuration): string {
  const { scopes_supported: supported } = client.serverMetadata()
  return SCOPE.split(' ')
    .filter((scope) => scope === 'openid' || !supported || supported.includes(scope))
    .join(' ')
}

/** Codes only: messages and causes may hold what came in the address. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code, cause, error: told } = error as Error & { code?: unknown; error?: unknown }
  const words = [error.name, code, told, (cause as { code?: unknown } | undefined)?.code]
  return words.filter((word) => typeof word === 'string' && /^[\w.-]{1,80}$/.test(word)).join(' ')
}
