// Passwords of a person: her main one, and one for each program. None is ever shown again.
import { randomBytes } from 'node:crypto'
import { makePassword } from '@fuchsbau/shared/password.ts'
import { hashAppPassword, hashesOf, newVerifier } from '../account/password.ts'
import type { AppPassword } from '../store/records.ts'
import type { User } from '../user.ts'
import { type Outcome, type Refusal, refuse } from './outcome.ts'

const MIN_PASSWORD = 8
/** Bytes; it must fit into a line of IRC, in base64. */
const MAX_PASSWORD = 250
const MAX_APP_PASSWORDS = 100
const MAX_LABEL = 64

/** Tells our app passwords from other secrets, for programs that look for leaked ones. */
export const APP_PASSWORD_PREFIX = 'fbirc_'

/**
 * Sets the main password, or makes one when none is given. Sessions of the web pages end; app passwords and the clients
 * that are connected stay.
 */
export async function setPassword(
  user: User,
  given?: string,
): Promise<Outcome<{ password: string }>> {
  const password = given ?? makePassword()
  const problem = passwordProblem(password)
  if (problem) return problem
  const { store } = user.bouncer
  const { hash, scram } = await hashesOf(store, user.record, password)
  const before = store.users.get(user.record.id)
  if (!before) return gone()
  const record = { ...before, password: hash }
  store.users.put(record)
  user.record = record
  store.credentials.setScram(record.id, scram)
  store.sessions.removeAll(record.id)
  return { ok: true, password }
}

/** What is wrong with a password, if something is. */
export function passwordProblem(password: string): Refusal | undefined {
  if ([...password].length < MIN_PASSWORD) {
    return refuse(`A password has at least ${MIN_PASSWORD} characters.`, 'password')
  }
  if (Buffer.byteLength(password) > MAX_PASSWORD || /\p{Cc}/u.test(password)) {
    return refuse(
      `A password has at most ${MAX_PASSWORD} bytes, without control characters.`,
      'password',
    )
  }
  return
}

/** Makes a password for one program. It is in the answer, and nowhere else. */
export async function createAppPassword(
  user: User,
  label: string,
): Promise<Outcome<{ password: string; app: AppPassword }>> {
  const name = label.trim()
  if (name === '' || name.length > MAX_LABEL || /\p{Cc}/u.test(name)) {
    return refuse(`Name the program it is for, in at most ${MAX_LABEL} characters.`, 'label')
  }
  if (listAppPasswords(user).length >= MAX_APP_PASSWORDS) {
    return refuse(`There are ${MAX_APP_PASSWORDS} app passwords: revoke those you don't use.`)
  }
  const { bouncer, record } = user
  const password = APP_PASSWORD_PREFIX + base32(randomBytes(20))
  const scram = await newVerifier(bouncer.store, record, password)
  if (!bouncer.store.users.get(record.id)) return gone()
  const app = bouncer.store.credentials.addAppPassword({
    userId: record.id,
    label: name,
    hash: hashAppPassword(password),
    scram,
    createdAt: bouncer.clock.now(),
  })
  return { ok: true, password, app }
}

/** Hers, oldest first. */
export function listAppPasswords(user: User): AppPassword[] {
  return user.bouncer.store.credentials.appPasswords(user.record.id)
}

/** Takes a password back. Clients that are connected with it stay until they go. */
export function revokeAppPassword(user: User, id: number): Outcome {
  const isRevoked = user.bouncer.store.credentials.removeAppPassword(user.record.id, id)
  return isRevoked ? { ok: true } : refuse('There is no such app password.', 'id')
}

const gone = () => refuse('This account is gone.')

/** Five bits a character, none of which look alike. */
function base32(bytes: Buffer): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789'
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return bits.replace(/.{5}/g, (five) => alphabet.charAt(Number.parseInt(five, 2)))
}
