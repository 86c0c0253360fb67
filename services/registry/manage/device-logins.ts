// Logins from terminals: asked for by anybody, approved or denied by a person, and fetched by who asked. What is pending is on
// disk, so that a restart loses none. https://www.rfc-editor.org/rfc/rfc8628
import { addressGroup } from '@fuchsbau/shared/throttle.ts'
import { isLivePerson } from '../account/caller.ts'
import { hashCode, makeDeviceCode, makeUserCode } from '../login/device-codes.ts'
import type { Registry } from '../registry.ts'
import type { DeviceLoginRecord, PersonRecord } from '../store/records.ts'
import { addAccessToken, type MadeToken, type ReadToken } from './access-tokens.ts'
import { done, type Outcome, refused } from './outcome.ts'

/** For opening a browser somewhere, logging in, and typing. */
export const DEVICE_LOGIN_MS = 10 * 60_000
const MAX_PENDING = 1_000
const MAX_OF_ADDRESS = 20

type Kept = Pick<Registry, 'store' | 'clock' | 'devicePolls'>

export interface AskedLogin {
  deviceCode: string
  userCode: string
}

/** Keeps that a terminal wants to be logged in. Refused when too many do. */
export function askDeviceLogin(
  { store, clock }: Kept,
  token: ReadToken,
  address: string,
): Outcome<AskedLogin> {
  const now = clock.now()
  store.deviceLogins.expire(now)
  const pending = store.deviceLogins.addresses()
  const near = pending.filter((each) => addressGroup(each) === addressGroup(address))
  if (pending.length >= MAX_PENDING || near.length >= MAX_OF_ADDRESS) {
    return refused('Too many logins are waiting. Try again in some minutes.')
  }
  const asked = { deviceCode: makeDeviceCode(), userCode: makeUserCode() }
  store.deviceLogins.add({
    ...token,
    deviceHash: hashCode(asked.deviceCode),
    userHash: hashCode(asked.userCode),
    address,
    createdAt: now,
    expiresAt: now + DEVICE_LOGIN_MS,
    decision: 'none',
  })
  return done(asked)
}

/** The login that somebody was given this code for, if nobody has decided yet. */
export function undecidedLogin(
  { store, clock }: Kept,
  userCode: string,
): DeviceLoginRecord | undefined {
  const login = store.deviceLogins.byUser(hashCode(userCode))
  const isOpen = login?.decision === 'none' && login.expiresAt > clock.now()
  return isOpen ? login : undefined
}

/** What a person says to it. The token is made when the terminal asks for it, so that its secret is kept nowhere. */
export function decideDeviceLogin(
  { store }: Kept,
  login: DeviceLoginRecord,
  person: PersonRecord,
  isApproved: boolean,
): void {
  const decision = isApproved ? 'approved' : 'denied'
  store.deviceLogins.put({ ...login, decision, personId: person.id })
}

export type FetchedLogin =
  | { state: 'unknown' | 'expired' | 'waiting' | 'early' | 'denied' }
  | { state: 'refused'; reason: string }
  | { state: 'approved'; person: PersonRecord; made: MadeToken }

/** What has become of a login, for the terminal that asks: its token, once. */
export function fetchDeviceLogin(kept: Kept, deviceCode: string): FetchedLogin {
  const { store, clock, devicePolls } = kept
  const login = store.deviceLogins.byDevice(hashCode(deviceCode))
  if (!login) return { state: 'unknown' }
  if (login.expiresAt <= clock.now()) return end(kept, login, { state: 'expired' })
  if (!devicePolls.note(login.id)) return { state: 'early' }
  if (login.decision === 'none') return { state: 'waiting' }
  const person = login.personId === undefined ? undefined : store.people.get(login.personId)
  if (login.decision === 'denied' || !person || !isLivePerson(person)) {
    return end(kept, login, { state: 'denied' })
  }
  const made = addAccessToken({ store, clock }, { personId: person.id }, login)
  return end(
    kept,
    login,
    made.ok
      ? { state: 'approved', person, made: made.value }
      : { state: 'refused', reason: made.reason },
  )
}

/** The terminal does not wait any more. */
export function forgetDeviceLogin(kept: Kept, deviceCode: string): boolean {
  const login = kept.store.deviceLogins.byDevice(hashCode(deviceCode))
  if (!login) return false
  end(kept, login, undefined)
  return true
}

function end<T>({ store, devicePolls }: Kept, { id }: DeviceLoginRecord, result: T): T {
  store.deviceLogins.remove(id)
  devicePolls.forget(id)
  return result
}
