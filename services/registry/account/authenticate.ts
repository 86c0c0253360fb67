// Who somebody is that shows a name and a secret: an access token, a refresh token, the ID token of a CI job, or the password
// of the local owner.
import { verifyPassword } from '@fuchsbau/shared/password.ts'
import { OciError } from '../errors.ts'
import { exchange } from '../login/exchange.ts'
import { looksLikeIdToken } from '../login/id-tokens.ts'
import { addressOf, audit, type Registry } from '../registry.ts'
import type { AccessTokenRecord, RefreshTokenRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { hashSecret, isSecret } from '../token/secret.ts'
import {
  ANONYMOUS,
  type Caller,
  callerByRefresh,
  callerByToken,
  isLivePerson,
  nameOf,
  unlimited,
} from './caller.ts'
import { checked, personOf } from './checked.ts'
import { noteLogin, noteRefused } from './note-login.ts'

export interface Shown {
  name: string
  secret: string
  address: string
  /** Shown where a refresh token belongs: nowhere else does one count, and nothing else counts there. */
  isRefresh?: boolean
}

export type Authenticated =
  | { ok: true; caller: Caller }
  | { ok: false; status: 401 | 429 | 503; why: string }

/** The use of a token is written down so often at most. */
const NOTE_EVERY_MS = 60_000
/** Clients that have only a token send it with one of these. */
const NAMELESS = new Set(['', 'token', 'oauth2accesstoken'])
const MAX_CHARACTERS = 1_024

/** Slows down who guesses; tells every failure in the audit. What exactly was wrong is not said. */
export async function authenticate(registry: Registry, shown: Shown): Promise<Authenticated> {
  if (looksLikeIdToken(shown.secret)) return await byIdToken(registry, shown)
  const isTooLong = shown.secret.length > MAX_CHARACTERS || shown.name.length > MAX_CHARACTERS
  const find = () => (isTooLong ? undefined : bySecret(registry, shown))
  const caller = await checked(registry, find, (found) =>
    typeof found === 'object' ? personOf(found) : undefined,
  )
  // Nobody guesses those: a program that was not told yet must not lock out its person, or its neighbours.
  if (caller === 'over') return refuse(registry, shown, 'over')
  if (caller === 'resting') {
    const why = `The identity provider does not vouch for its owner any more. When she logs in at ${registry.url}, it is good again.`
    return refuse(registry, shown, 'resting', why)
  }
  if (caller) return { ok: true, caller }
  // As the store compares names: else each spelling would have guesses of its own.
  const attempt = registry.throttle.begin(shown.address, shown.name.toLowerCase())
  if (!attempt.ok) {
    registry.counts.login('unknown', 'throttled')
    const seconds = Math.ceil(attempt.waitMs / 1000)
    return { ok: false, status: 429, why: `Too many attempts: try again in ${seconds} s.` }
  }
  try {
    const person = isTooLong ? undefined : await byPassword(registry, shown)
    if (!person) return refuse(registry, shown, 'wrong')
    attempt.succeed()
    return { ok: true, caller: person }
  } finally {
    attempt.done()
  }
}

/**
 * The same for a request of a program, whose use of its secret is told; throws for who is not let in, `refuse` when it is for
 * what she shows.
 */
export async function callerBySecret(
  registry: Registry,
  request: { ip: string | undefined },
  shown: Omit<Shown, 'address'>,
  refuse: (why: string) => OciError,
): Promise<Caller> {
  const address = addressOf(request)
  const result = await authenticate(registry, { ...shown, address })
  if (result.ok) {
    noteLogin(registry, result.caller, address)
    return result.caller
  }
  if (result.status === 429) throw new OciError('TOOMANYREQUESTS', result.why)
  if (result.status === 503) throw new OciError('UNAVAILABLE', result.why)
  throw refuse(result.why)
}

/** `over`: it was good once, or its owner may not be here. `resting`: it is good when its owner logs in again. */
type Found = Caller | 'over' | 'resting' | undefined

function bySecret(registry: Registry, { name, secret, address, isRefresh }: Shown): Found {
  const { store, clock } = registry
  const now = clock.now()
  if (isRefresh) {
    if (!isSecret('fbrr', secret)) return
    const token = store.refreshTokens.byHash(hashSecret(secret))
    return token && (callerByRefresh(registry, token.id, now) ?? stateOf(store, token, now))
  }
  if (!isSecret('fbr', secret)) return
  const token = store.accessTokens.byHash(hashSecret(secret))
  const caller = callerByToken(registry, token, now)
  if (!token) return
  if (!caller) return stateOf(store, token, now)
  if (!isNamedSo(caller, name)) return
  noteUse(registry, token, address)
  return caller
}

function noteUse(
  { store, clock }: Registry,
  { id, lastUsedAt = 0 }: AccessTokenRecord,
  address: string,
): void {
  const now = clock.now()
  if (lastUsedAt >= now - NOTE_EVERY_MS || store.failure !== undefined) return
  store.accessTokens.noteUse(id, now, address)
}

/** The first use is an exchange; from then on it is known, as long as that would give. */
async function byIdToken(
  registry: Registry,
  { name, secret: idToken, address }: Shown,
): Promise<Authenticated> {
  const { store, clock } = registry
  const known = store.accessTokens.byHash(hashSecret(idToken))
  const caller = callerByToken(registry, known, clock.now())
  if (known && caller && isNamedSo(caller, name)) {
    noteUse(registry, known, address)
    return { ok: true, caller }
  }
  const robot = NAMELESS.has(name.toLowerCase()) ? undefined : name.toLowerCase()
  const made = await exchange(registry, { idToken, robot, address, isPassword: true })
  if (made.ok) return { ok: true, caller: made.caller }
  return { ok: false, status: made.status === 400 ? 401 : made.status, why: made.why }
}

/** Why nobody comes by this token. */
function stateOf(
  store: Store,
  token: AccessTokenRecord | RefreshTokenRecord,
  now: number,
): 'over' | 'resting' {
  const isOver = token.expiresAt <= now || ('revokedAt' in token && token.revokedAt !== undefined)
  const owner = token.personId === undefined ? undefined : store.people.get(token.personId)
  return !isOver && owner?.isEnabled && owner.isGone ? 'resting' : 'over'
}

/** A token that is used under another's name is in the wrong hands, or in the wrong file. */
function isNamedSo(caller: Caller, name: string): boolean {
  const own = nameOf(caller).replace(/^\w+:/, '')
  return NAMELESS.has(name.toLowerCase()) || own.toLowerCase() === name.toLowerCase()
}

/** Takes as long for a name that nobody has. */
async function byPassword(
  { store }: Registry,
  { name, secret }: Shown,
): Promise<Caller | undefined> {
  const person = store.people.named(name)
  const isRight = await verifyPassword(secret, person?.password || NOBODY)
  if (!person || !isRight || !isLivePerson(person)) return
  return unlimited({ kind: 'person', person }, 'password')
}

/** A hash that fits nothing. */
const NOBODY =
  '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

function refuse(registry: Registry, shown: Shown, outcome: string, reason?: string): Authenticated {
  const { name, address } = shown
  noteRefused(registry, shown, outcome)
  const reference = name.slice(0, 100)
  audit(registry, { event: 'login', caller: ANONYMOUS, address, reference, outcome })
  const wrong = `Wrong name or secret. Programs need an access token: make one at ${registry.url}/tokens.`
  return { ok: false, status: 401, why: reason ?? wrong }
}
