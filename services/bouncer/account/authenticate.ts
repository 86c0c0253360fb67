// Whether somebody is who she says she is: slowed per address and account, told in the audit and counted, whatever the
// proof. What is wrong is never said: neither to the client, nor by the time that it takes.

import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import type { Bouncer } from '../bouncer.ts'
import type { UserRecord } from '../store/records.ts'
import type { LoginOutcome } from './logins.ts'
import { checkPassword } from './password.ts'
import { ProviderAway } from './token.ts'

export interface Attempt {
  /** Who she says she is. */
  name: string
  address: string
  /** `SASL PLAIN`, `PASS`, `web` …, for the audit. */
  method: string
  /** What the client calls itself. */
  client: string
}

/** How it was proven. App passwords lie in the files of programs: they open less than her own password. */
export type Proof = 'password' | 'app-password' | 'certificate' | 'token'

export interface Proven {
  user: UserRecord
  by: Proof
}

export type Authenticated = ({ ok: true } & Proven) | Refusal

export interface Refusal {
  ok: false
  reason: string
  /** Whether the same may do later: it was not looked at, or could not be. */
  isForNow: boolean
  /** The trouble is the bouncer's own: it is told by ERROR alone, because clients that take it for a wrong password give up. */
  isTrouble?: boolean
}

/** Checks a name and a password: the person's own, or one of her app passwords. */
export function authenticate(
  bouncer: Bouncer,
  { password, ...attempt }: Attempt & { password: string },
): Promise<Authenticated> {
  return admit(bouncer, attempt, () => checkPassword(bouncer, attempt, password))
}

/**
 * Lets in whom the check finds, if she is enabled. The reason is the same whatever is wrong. Never rejects. `queue`: those
 * that ask the identity provider wait in `tokens`, so that a slow one keeps no passwords waiting.
 */
export async function admit(
  bouncer: Bouncer,
  attempt: Attempt,
  check: () => Promise<Proven | undefined>,
  queue: Queue = 'checks',
): Promise<Authenticated> {
  const { logins } = bouncer
  const end = (outcome: LoginOutcome, reason: string): Refusal => {
    logins.count(outcome)
    const isTrouble = outcome === 'busy' || outcome === 'failed'
    return { ok: false, reason, isForNow: outcome !== 'refused', ...(isTrouble && { isTrouble }) }
  }
  try {
    const passed = await logins[queue].pass(() => slowed(bouncer, attempt, check, queue))
    if (!passed) return end('busy', 'Too many log in just now: try again later')
    const { value: result } = passed
    if ('waitMs' in result) {
      const seconds = Math.ceil(result.waitMs / 1000)
      return end('slowed', `Too many attempts: try again in ${seconds} s`)
    }
    if (!result.proven) return end('refused', 'Wrong user name or password')
    logins.count('ok')
    return { ok: true, ...result.proven }
  } catch (error) {
    if (error instanceof StoreUnavailable)
      return end('failed', `The bouncer cannot store anything now: ${error.message}`)
    if (error instanceof ProviderAway) return end('away', error.message)
    bouncer.log.error({ err: error, method: attempt.method }, 'a login could not be checked')
    return end('failed', 'The login cannot be checked now: try again later')
  }
}

type Queue = 'checks' | 'tokens'
type Checked = { waitMs: number } | { proven: Proven | undefined }

async function slowed(
  bouncer: Bouncer,
  { name, address, method, client }: Attempt,
  check: () => Promise<Proven | undefined>,
  queue: Queue,
): Promise<Checked> {
  const { store, logins, clock } = bouncer
  const attempt = logins.throttle.begin(address, name.toLowerCase())
  if (!attempt.ok) return attempt
  // It counts already, but takes none of the few places: those are for what needs a core.
  if (queue === 'tokens') attempt.done()
  try {
    const found = await check()
    const proven = found?.user.isEnabled ? found : undefined
    const outcome = proven ? 'ok' : 'refused'
    const account = proven?.user.name ?? name
    store.audit.add({ at: clock.now(), account, address, method, client, outcome })
    if (proven) attempt.succeed()
    return { proven }
  } catch (error) {
    // A provider that is away, or a full disk, is no guess: else her programs would slow her own password down.
    attempt.forget()
    throw error
  } finally {
    if (queue === 'checks') attempt.done()
  }
}
