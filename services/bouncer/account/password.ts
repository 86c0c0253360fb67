// Passwords of persons: the main one (argon2id, and a SCRAM verifier beside it) and those made for one program each.
// SCRAM asks a client to prove a password with one salt: so all passwords of a person have the same salt, and any of them
// will do (RFC 5802, 3 leaves the choice of the salt to the server).
import { createHash, randomBytes } from 'node:crypto'
import { hashPassword, verifyPassword } from '@fuchsbau/shared/password.ts'
import type { Bouncer } from '../bouncer.ts'
import type { ScramVerifier, UserRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { Proven } from './authenticate.ts'
import { checkForeignHash, isForeignHash } from './foreign-hash.ts'
import { type ClientFirst, makeVerifier, nobodysVerifier, ScramServer } from './scram.ts'

/** Each is done by the client at each login: 50 ms on a slow machine. Guesses at a stolen verifier cost as much. */
const ITERATIONS = 100_000

/** Of no account: checked when there is none, so that the time tells nothing. */
const NOBODY =
  '$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IGhlcmUh$9q8tTn1v4W5mQ3m8yJ7Q2lq3dX0lH0c4k4m3cH1l0uY'

/** The hash and the verifier of a main password, to be stored. */
export async function hashesOf(
  store: Store,
  user: UserRecord,
  password: string,
): Promise<{ hash: string; scram: ScramVerifier }> {
  const [hash, scram] = await Promise.all([
    hashPassword(password),
    newVerifier(store, user, password),
  ])
  return { hash, scram }
}

/** A verifier for a further password of a person: with the salt that her other passwords have. */
export function newVerifier(
  store: Store,
  { id, name }: Pick<UserRecord, 'id' | 'name'>,
  password: string,
): Promise<ScramVerifier> {
  const [{ salt, iterations } = nobody(store, name)] = ownVerifiers(store, id)
  return makeVerifier(password, { iterations, salt: Buffer.from(salt, 'base64') })
}

/** App passwords have 160 random bits: a plain hash keeps them secret. */
export function hashAppPassword(password: string): string {
  return createHash('sha256').update(password).digest('hex')
}

/** The person whose password it is. Brings up to date what is kept of it. */
export async function checkPassword(
  bouncer: Bouncer,
  { name, address }: { name: string; address: string },
  password: string,
): Promise<Proven | undefined> {
  const { store, clock } = bouncer
  const user = store.users.named(name)
  const app = user && store.credentials.appPassword(user.id, hashAppPassword(password))
  if (app) {
    store.credentials.noteUse(app, clock.now(), address)
    return { user, by: 'app-password' }
  }
  const isRight = await fits(password, user?.password ?? NOBODY)
  if (!user || !isRight) return
  // It may have been changed, or she removed, while it was checked.
  if (store.users.get(user.id)?.password !== user.password) return
  await bringUpToDate(bouncer, user, password)
  const now = store.users.get(user.id)
  return now && { user: now, by: 'password' }
}

/** In the same time whether there is a password (or a person) or not. */
async function fits(password: string, hash: string): Promise<boolean> {
  if (isForeignHash(hash) && (await checkForeignHash(password, hash))) return true
  return await verifyPassword(password, hash.startsWith('$argon2id$') ? hash : NOBODY)
}

/** The hash of an import becomes one of ours; SCRAM becomes possible. */
async function bringUpToDate(bouncer: Bouncer, user: UserRecord, password: string): Promise<void> {
  const { store } = bouncer
  const isForeign = isForeignHash(user.password)
  if (!isForeign && store.credentials.scram(user.id)) return
  const { hash, scram } = isForeign
    ? await hashesOf(store, user, password)
    : { hash: user.password, scram: await newVerifier(store, user, password) }
  const now = store.users.get(user.id)
  if (now?.password !== user.password) return
  const changed = { ...now, password: hash }
  store.users.put(changed)
  store.credentials.setScram(user.id, scram)
  const live = bouncer.users.get(user.id)
  if (live) live.record = changed
}

/** An exchange of SCRAM with somebody who may prove any of a person's passwords. */
export class ScramCheck {
  readonly challenge: string
  readonly #bouncer: Bouncer
  readonly #name: string
  readonly #candidates: { verifier: ScramVerifier; server: ScramServer }[]

  constructor(bouncer: Bouncer, name: string, first: ClientFirst) {
    const nonce = randomBytes(18).toString('base64')
    this.#bouncer = bouncer
    this.#name = name
    this.#candidates = verifiersOf(bouncer.store, name).map((verifier) => ({
      verifier,
      server: new ScramServer(first, verifier, nonce),
    }))
    this.challenge = this.#candidates[0]?.server.challenge ?? ''
  }

  /** The person, and what proves to her client that we know her password; undefined when the proof is wrong. */
  finish(text: string, address: string): (Proven & { final: string }) | undefined {
    const { store, clock } = this.#bouncer
    for (const { verifier, server } of this.#candidates) {
      const { ok, final } = server.finish(text)
      const user = ok ? store.users.named(this.#name) : undefined
      if (!user) continue
      const isThis = ({ storedKey }: ScramVerifier) => storedKey === verifier.storedKey
      // Taken back, or changed, in the meantime?
      if (!ownVerifiers(store, user.id).some(isThis)) return
      const app = store.credentials.appPasswords(user.id).find(({ scram }) => isThis(scram))
      if (app) store.credentials.noteUse(app, clock.now(), address)
      return { user, by: app ? 'app-password' : 'password', final }
    }
    return
  }
}

/** The verifiers of a person's passwords, all with the same salt; of nobody: one that no password fits. */
function verifiersOf(store: Store, name: string): [ScramVerifier, ...ScramVerifier[]] {
  const user = store.users.named(name)
  const [first = nobody(store, name), ...others] = user ? ownVerifiers(store, user.id) : []
  const { salt, iterations } = first
  return [first, ...others.filter((each) => each.salt === salt && each.iterations === iterations)]
}

function ownVerifiers({ credentials }: Store, userId: number): ScramVerifier[] {
  const main = credentials.scram(userId)
  const apps = credentials.appPasswords(userId).map(({ scram }) => scram)
  return main ? [main, ...apps] : apps
}

function nobody(store: Store, name: string): ScramVerifier {
  return { ...nobodysVerifier(name.toLowerCase(), secretOf(store)), iterations: ITERATIONS }
}

/** From which the salts are made. */
function secretOf({ properties }: Store): string {
  const known = properties.get('scram-secret')
  if (known !== undefined) return known
  const made = randomBytes(32).toString('base64')
  properties.set('scram-secret', made)
  return made
}
