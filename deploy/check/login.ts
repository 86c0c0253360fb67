// Whether people can log in: the provider says what it is, and takes the requests that our services send people to it with.
// https://openid.net/specs/openid-connect-discovery-1_0.html https://openid.net/specs/openid-connect-core-1_0.html#AuthError
import { type Finding, fail, ok, skip, warn } from './finding.ts'
import type { Checking } from './installation.ts'
import { at, textAt } from './json.ts'
import type { Reach } from './reach.ts'
import { unreached } from './unreached.ts'

const PODS = 'kubectl -n pocket-id get pods,httproutes; kubectl -n pocket-id logs deploy/pocket-id'

/** A service that sends people to the provider. */
export interface Client {
  app: string
  /** How its log is read; by its name when absent. */
  logs?: string
  /** Where a login begins. */
  start: string
  /** Where the provider is to send people back to. */
  back: string
}

function clientsOf({ domain, social }: Checking['installation']): Client[] {
  return [
    {
      app: 'fediverse',
      start: `https://${social}/login/oidc`,
      back: `https://${social}/login/oidc/back`,
    },
    {
      app: 'registry',
      start: `https://oci.${domain}/login/oidc`,
      back: `https://oci.${domain}/login/oidc/back`,
    },
    {
      app: 'bouncer',
      start: `https://irc.${domain}/login/oidc`,
      back: `https://irc.${domain}/login/oidc/back`,
    },
    {
      app: 'headscale',
      // The name of a device's request has this form; that nobody asked for it is seen after the login only.
      start: `https://ts.${domain}/register/hskey-authreq-${'check'.padEnd(24, '0')}`,
      back: `https://ts.${domain}/oidc/callback`,
    },
  ]
}

export async function checkLogin(checking: Checking): Promise<Finding[]> {
  const { finding, authorize } = await checkProvider(checking)
  const clients = clientsOf(checking.installation)
  const each = clients.map((client) =>
    authorize === undefined
      ? skip(client.app, 'waits for the provider')
      : checkClient(checking.reach, client, authorize),
  )
  return [finding, ...(await Promise.all(each))]
}

/** `authorize`: where it takes requests for logins; undefined: it is not there. */
export async function checkProvider({
  reach,
  installation: { domain },
}: Checking): Promise<{ finding: Finding; authorize: string | undefined }> {
  const host = `auth.${domain}`
  const subject = 'provider'
  const url = `https://${host}/.well-known/openid-configuration`
  const answer = await reach.get(url)
  const wrong = (message: string, mend: string) => ({
    finding: fail(subject, message, mend),
    authorize: undefined,
  })
  if (!answer.ok) {
    const finding = await unreached(reach, { subject, host, trouble: answer, mend: PODS })
    return { finding, authorize: undefined }
  }
  const { status, body } = answer
  if (status !== 200) return wrong(`${url} answers ${status}`, PODS)
  const issuer = textAt(body, 'issuer')
  if (issuer !== `https://${host}`) {
    return wrong(
      `calls itself ${issuer || 'nothing'}`,
      `APP_URL of Pocket ID is to be https://${host}`,
    )
  }
  const authorize = textAt(body, 'authorization_endpoint')
  if (URL.parse(authorize)?.protocol !== 'https:') {
    return wrong(`takes logins at ${authorize || 'no address'}`, PODS)
  }
  const methods = at(body, 'code_challenge_methods_supported')
  if (!Array.isArray(methods) || !methods.includes('S256')) {
    return wrong(
      'does not speak of PKCE by S256',
      'Headscale and our services need it: another version of Pocket ID',
    )
  }
  const keys = await reach.get(textAt(body, 'jwks_uri') || `${url}#none`)
  if (!keys.ok || at(keys.body, 'keys', 0) === undefined) {
    return wrong(`${textAt(body, 'jwks_uri') || 'no address'} has no keys`, PODS)
  }
  return { finding: ok(subject, `${issuer}, with keys and PKCE`), authorize }
}

/** Begins a login as a browser does, and asks the provider about the request without anybody who logs in. */
export async function checkClient(
  reach: Reach,
  { app, start, back, logs = `kubectl -n ${app} logs deploy/${app}` }: Client,
  authorize: string,
): Promise<Finding> {
  const host = new URL(start).host
  const begun = await reach.get(start)
  if (!begun.ok) return unreached(reach, { subject: app, host, trouble: begun, mend: logs })
  const request = URL.parse(begun.headers['location'] ?? '')
  const isLogin = request && `${request.origin}${request.pathname}` === authorize
  if (!isLogin) {
    return fail(
      app,
      `${start} answers ${begun.status}, and leads to ${request?.origin ?? 'nobody'}`,
      begun.status === 503
        ? `It cannot reach the provider: ${logs}`
        : `It is to lead to ${authorize}: is there a client in Vault (fuchsbau/${app}), and FUCHSBAU_OIDC_ISSUER? ${logs}`,
    )
  }
  const sent = request.searchParams.get('redirect_uri') ?? ''
  if (sent !== back) {
    return fail(
      app,
      `sends people back to ${sent}`,
      `It is to be ${back}: the address in its settings is another`,
    )
  }
  return await askProvider(reach, { app, back, request })
}

type Asked = { app: string; back: string; request: URL }

/**
 * With `prompt=none` the provider shows no page: it sends an error to the redirect URI when it knows that, and must not when it
 * does not (Core, 3.1.2.6).
 */
async function askProvider(reach: Reach, { app, back, request }: Asked): Promise<Finding> {
  const client = request.searchParams.get('client_id') ?? ''
  request.searchParams.set('prompt', 'none')
  const answer = await reach.get(request.href)
  const mend = `Add the callback URL ${back} to the client ${client} in Pocket ID`
  if (!answer.ok) {
    return await unreached(reach, { subject: app, host: request.host, trouble: answer, mend: PODS })
  }
  const { status, headers } = answer
  const location = URL.parse(headers['location'] ?? '', request.href)
  if (location && `${location.origin}${location.pathname}` === back) {
    return judgeError(app, location.searchParams.get('error') ?? '', location, back)
  }
  if (status === 200) {
    return warn(
      app,
      'the provider shows a page that does not say whether it knows the request',
      `Look at it in a browser, from https://${new URL(back).host}. ${mend}`,
    )
  }
  return fail(
    app,
    `the provider refuses the request of ${client} for ${back} (${status}${reasonIn(location)})`,
    mend,
  )
}

/** Nobody is logged in: that is what a good request is answered. */
const NOBODY = [
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
]

function judgeError(app: string, error: string, location: URL, back: string): Finding {
  if (NOBODY.includes(error)) return ok(app, `may send people back to ${back}`)
  const why = location.searchParams.get('error_description') ?? ''
  return fail(
    app,
    `the provider answers ${error || 'without an error'}${why === '' ? '' : `: ${why}`}`,
    'Look at the settings of the client in Pocket ID: the code flow, PKCE, the scopes openid, profile and groups',
  )
}

function reasonIn(location: URL | null): string {
  const error = location?.searchParams.get('error')
  return error ? `: ${error}` : ''
}
