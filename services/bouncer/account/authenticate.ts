// Whether somebody is who she says she is, by password: the person's own or one of her app passwords. Slowed per address
// and account, and told in the audit.
import { createHash } from 'node:crypto'
import { verifyPassword } from '@fuchsbau/shared/password.ts'
import type { Bouncer } from '../bouncer.ts'
import type { UserRecord } from '../store/records.ts'

export interface Attempt {
  name: string
  password: string
  address: string
  /** `SASL PLAIN`, `PASS` or `web`, for the audit. */
  method: string
  /** What the client calls itself. */
  client: string
}

export type Authenticated = { ok: true; user: UserRecord } | { ok: false; reason: string }

/** Of no account: checked when there is none, so that the time tells nothing. */
const NOBODY =
  '$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IGhlcmUh$9q8tTn1v4W5mQ3m8yJ7Q2lq3dX0lH0c4k4m3cH1l0uY'

/** Checks a name and a password. The reason is the same whatever is wrong. */
export async function authenticate(
  bouncer: Bouncer,
  { name, password, address, method, client }: Attempt,
): Promise<Authenticated> {
  const { store, throttle, clock } = bouncer
  const attempt = throttle.begin(address, name)
  if (!attempt.ok) {
    const seconds = Math.ceil(attempt.waitMs / 1000)
    return { ok: false, reason: `Too many attempts: try again in ${seconds} s` }
  }
  try {
    const user = store.users.named(name)
    const app = user && store.credentials.appPassword(user.id, hashAppPassword(password))
    const isRight = app !== undefined || (await verifyPassword(password, user?.password || NOBODY))
    const isLetIn = isRight && user !== undefined && user.isEnabled
    store.audit.add({
      at: clock.now(),
      account: name,
      address,
      method,
      client,
      outcome: isLetIn ? 'ok' : 'refused',
    })
    if (!isLetIn) return { ok: false, reason: 'Wrong user name or password' }
    if (app) store.credentials.noteUse(app, clock.now(), address)
    attempt.succeed()
    return { ok: true, user }
  } finally {
    attempt.done()
  }
}

/** App passwords have 160 random bits: a plain hash keeps them secret. */
export function hashAppPassword(password: string): string {
  return createHash('sha256').update(password).digest('hex')
}
