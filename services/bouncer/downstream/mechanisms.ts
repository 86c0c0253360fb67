// The SASL mechanisms by which a client says who it is, each as an exchange of texts.
// https://www.rfc-editor.org/rfc/rfc4616 https://www.rfc-editor.org/rfc/rfc4422#appendix-A
// https://www.rfc-editor.org/rfc/rfc7677 https://www.rfc-editor.org/rfc/rfc7628
import { type Attempt, type Authenticated, admit, authenticate } from '../account/authenticate.ts'
import { ScramCheck } from '../account/password.ts'
import { parseClientFirst } from '../account/scram.ts'
import { authenticateByToken } from '../account/token-login.ts'
import type { Bouncer } from '../bouncer.ts'
import { type Login, parseLogin, parseLoginAs } from './login-name.ts'
import type { Wire } from './socket.ts'

/** Whom a mechanism deals with. */
export interface Claimant {
  bouncer: Bouncer
  wire: Wire
}

/** What follows a response: another challenge, or the end. */
export type Step = { say: string } | { outcome: Authenticated; login: Login }

export interface Mechanism {
  /** The client's next response. Rejects when the store fails. */
  respond(response: string): Promise<Step>
}

const MECHANISMS = {
  PLAIN: (claimant: Claimant): Mechanism => ({ respond: (text) => plain(claimant, text) }),
  EXTERNAL: (claimant: Claimant): Mechanism => ({ respond: (text) => external(claimant, text) }),
  'SCRAM-SHA-256': scram,
  OAUTHBEARER: bearer,
} as const

/** Those that this client can use, the strongest last: some clients take the first. */
export function mechanismsFor({ bouncer, wire }: Claimant): string[] {
  const isOffered: Record<keyof typeof MECHANISMS, boolean> = {
    PLAIN: true,
    EXTERNAL: wire.isSecure,
    'SCRAM-SHA-256': true,
    OAUTHBEARER: bouncer.tokens !== undefined,
  }
  return Object.entries(isOffered).flatMap(([name, isIt]) => (isIt ? [name] : []))
}

/** Begins one of those; undefined when it is not offered. */
export function beginMechanism(name: string, claimant: Claimant): Mechanism | undefined {
  if (!mechanismsFor(claimant).includes(name)) return
  return MECHANISMS[name as keyof typeof MECHANISMS](claimant)
}

export const NOBODY: Login = { user: '', network: undefined, client: undefined }
const malformed = (): Step => ({
  outcome: { ok: false, reason: 'The SASL response is malformed', isForNow: false },
  login: NOBODY,
})

/** Of whom the attempt is told in the audit. */
const attemptOf = ({ wire }: Claimant, method: string, { user, client = '' }: Login): Attempt => ({
  name: user,
  address: wire.address,
  method: `SASL ${method}`,
  client,
})

async function plain(claimant: Claimant, text: string): Promise<Step> {
  const [as, name, password, ...more] = text.split('\0')
  if (as === undefined || !name || password === undefined || more.length > 0) return malformed()
  const login = parseLoginAs(name, as)
  if (!login) return malformed()
  const attempt = attemptOf(claimant, 'PLAIN', login)
  return { outcome: await authenticate(claimant.bouncer, { ...attempt, password }), login }
}

async function external(claimant: Claimant, as: string): Promise<Step> {
  const login = parseLogin(as)
  return { outcome: await authenticateByCertificate(claimant, login, 'SASL EXTERNAL'), login }
}

/** By the certificate that the client showed, which must be listed for the person; she need not be named. */
export function authenticateByCertificate(
  { bouncer, wire }: Claimant,
  { user: name, client = '' }: Login,
  method: string,
): Promise<Authenticated> {
  const { address, fingerprint } = wire
  // Who guesses at names gets nowhere; the address alone is slowed.
  const attempt = { name: name || `certificate of ${address}`, address, method, client }
  return admit(bouncer, attempt, async () => {
    const known = fingerprint && bouncer.store.credentials.byFingerprint(fingerprint)
    const user = known ? bouncer.store.users.get(known.userId) : undefined
    const isMeant = name === '' || user?.name.toLowerCase() === name.toLowerCase()
    return user && isMeant ? { user, by: 'certificate' } : undefined
  })
}

function scram(claimant: Claimant): Mechanism {
  const { bouncer, wire } = claimant
  let login = NOBODY
  let check: ScramCheck | undefined
  let outcome: Authenticated | undefined
  return {
    async respond(text) {
      // The client has seen our proof, and agrees.
      if (outcome) return { outcome, login }
      if (!check) {
        const first = parseClientFirst(text)
        const named = first && parseLoginAs(first.user, first.authzid)
        if (!first || !named) return malformed()
        login = named
        check = new ScramCheck(bouncer, named.user, first)
        return { say: check.challenge }
      }
      const exchange = check
      let final = ''
      const ended = await admit(bouncer, attemptOf(claimant, 'SCRAM-SHA-256', login), async () => {
        const proved = exchange.finish(text, wire.address)
        final = proved?.final ?? ''
        return proved
      })
      if (!ended.ok) return { outcome: ended, login }
      outcome = ended
      return { say: final }
    },
  }
}

/** `n,a=NAME,` and then fields, each ended by the character 1; all but `auth=Bearer TOKEN` tell us nothing. */
function parseBearer(text: string): { as: string; token: string } | undefined {
  const [header = '', ...fields] = text.split('\u0001')
  const [, as = ''] = /^[ny],(?:a=([^,]*))?,$/.exec(header) ?? []
  const isWhole = /^[ny],.*,$/.test(header) && fields.at(-1) === '' && fields.at(-2) === ''
  const auth = fields.find((field) => field.startsWith('auth='))
  const [, token] = /^auth=bearer +(\S+)$/i.exec(auth ?? '') ?? []
  if (!isWhole || token === undefined) return
  return { as: as.replaceAll('=2C', ',').replaceAll('=3D', '='), token }
}

function bearer(claimant: Claimant): Mechanism {
  const { bouncer } = claimant
  let refused: Step | undefined
  return {
    async respond(text) {
      // It has read why, and says so (RFC 7628, 3.2.3).
      if (refused) return refused
      const { tokens } = bouncer
      const bearing = parseBearer(text)
      if (!tokens || !bearing) return malformed()
      const login = parseLogin(bearing.as)
      const attempt = attemptOf(claimant, 'OAUTHBEARER', login)
      const outcome = await authenticateByToken(bouncer, attempt, bearing.token)
      if (outcome.ok) return { outcome, login }
      refused = { outcome, login }
      // A token that nobody could look at may be good: a client is not to throw it away.
      const status = outcome.isForNow ? 'temporarily_unavailable' : 'invalid_token'
      const reason = { status, 'openid-configuration': tokens.configurationUrl }
      return { say: JSON.stringify(reason) }
    },
  }
}
