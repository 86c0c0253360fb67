// Logging in with an identity provider: the authorization code flow of OpenID Connect with PKCE, state and nonce, and logging
// out there. https://openid.net/specs/openid-connect-core-1_0.html No code, token or state gets into the log.
import {
  AuthorizationResponseError,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import { type ClaimNames, USUAL_CLAIMS } from './claims.ts'
import { type LoggedOut, LogoutTokens } from './logout-token.ts'
import { Provider, type ProviderOptions, reasonOf } from './provider.ts'
import { type Renewal, type Renewed, renew } from './renewal.ts'
import { named } from './said.ts'

export type { LoggedOut } from './logout-token.ts'
export type { Renewed } from './renewal.ts'

export type OidcOptions = ProviderOptions & {
  /** Where the provider sends people back to, exactly as it is registered there. */
  redirectUri: string
  /** What is asked for beside `openid`, as far as the provider has it; `profile` and `groups` when absent. */
  scopes?: readonly string[]
  /** The usual ones when absent. */
  claims?: ClaimNames
  /** Whether it will be asked about people later: then a refresh token is wanted, too. */
  isOffline?: boolean
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
  /** The provider's name for this session of hers; undefined when it has none. */
  sid: string | undefined
  /** Undefined when none was wanted, or given. */
  refreshToken: string | undefined
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
  /** Asks whether somebody is still there, and in which groups; see renewal.ts. */
  renew(login: Renewal): Promise<Renewed>
  /** Reads what the provider posts when somebody's session there has ended; see logout-token.ts. */
  loggedOut(logoutToken: string): Promise<LoggedOut>
  /** Origins that `begin` and `logoutUrl` lead to, as far as they are known. */
  origins(): string[]
}

/** Every provider that has them puts what we want to know into these. */
const SCOPES = ['profile', 'groups']

/** A client of one provider, which is not contacted before the first login. */
export function createRelyingParty(options: OidcOptions): RelyingParty {
  const { issuer, log, redirectUri, claims = USUAL_CLAIMS } = options
  const provider = new Provider(options)
  const logoutTokens = new LogoutTokens(provider, options)
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
      const scopes = supportedScopes(client, options)
      const url = buildAuthorizationUrl(client, {
        redirect_uri: redirectUri,
        scope: scopes.join(' '),
        // Without it the scope is to be ignored. https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess
        ...(scopes.includes(OFFLINE) && { prompt: 'consent' }),
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
        const identity = await identityOf(client, tokens, options)
        return identity ? { ok: true, identity } : refused
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
    renew: (login) => renew(provider, claims, login),
    loggedOut: (logoutToken) => logoutTokens.read(logoutToken),
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

/** Undefined without an ID token. Rejects when userinfo is needed and does not answer: her groups would not be known. */
async function identityOf(
  client: Configuration,
  tokens: Awaited<ReturnType<typeof authorizationCodeGrant>>,
  { claims = USUAL_CLAIMS, isOffline = false }: OidcOptions,
): Promise<Identity | undefined> {
  const idClaims = tokens.claims()
  if (!idClaims || !tokens.id_token) return
  const { iss, sub, sid } = idClaims
  const { username, groups = [] } = await named(client, { claims, tokens, subject: sub })
  return {
    issuer: iss,
    subject: sub,
    preferredUsername: username,
    groups,
    idToken: tokens.id_token,
    sid: typeof sid === 'string' ? sid : undefined,
    refreshToken: isOffline ? tokens.refresh_token : undefined,
  }
}

const OFFLINE = 'offline_access'

/** `groups` is not everywhere, and some providers refuse a scope that they do not know. */
function supportedScopes(
  client: Configuration,
  { scopes = SCOPES, isOffline = false }: OidcOptions,
): string[] {
  const { scopes_supported: supported } = client.serverMetadata()
  const isSupported = (scope: string) => !supported || supported.includes(scope)
  const offline = isOffline && supported?.includes(OFFLINE) ? [OFFLINE] : []
  return [...new Set(['openid', ...scopes.filter(isSupported), ...offline])]
}
