// Making a local user: keys first (they can't be made again for a name that peers know), then the profile.

import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { hashPassword } from '@fuchsbau/shared/password.ts'
import { type Context, VerbError } from '../context.ts'
import { isUserName, type User, type UserKeys } from '../store/users.ts'
import { RESERVED_NAMES } from '../urls.ts'

const generate = promisify(generateKeyPair)

/** Makes a user. @throws VerbError when the name can't be had. */
export async function createUser(
  context: Pick<Context, 'store' | 'clock'>,
  name: string,
  password: string,
): Promise<User> {
  const { store, clock } = context
  if (!isUserName(name)) {
    throw new VerbError(
      `"${name}" is no user name: use a–z, 0–9, _ and - within, at most 30 characters.`,
    )
  }
  if (RESERVED_NAMES.has(name)) throw new VerbError(`"${name}" is reserved. Choose another name.`)
  if (store.users.get(name)) throw new VerbError(`There is already a user ${name}.`)
  const passwordHash = await hashPassword(password)
  if (!store.users.keys(name)) store.users.writeKeys(name, await makeKeys())
  const user: User = { ...newUser(name, clock.now()), passwordHash }
  await store.commit([store.users.put(user)])
  return user
}

/** The profile that a user begins with. */
export function newUser(name: string, createdAt: number): User {
  return {
    name,
    displayName: '',
    bio: '',
    fields: [],
    alsoKnownAs: [],
    pinned: [],
    isLocked: false,
    isDiscoverable: true,
    isBot: false,
    language: 'en',
    createdAt,
  }
}

/** RSA-2048, which every peer verifies, and Ed25519 for FEP-8b32 proofs. */
export async function makeKeys(): Promise<UserKeys> {
  const rsa = await generate('rsa', { modulusLength: 2_048 })
  const ed25519 = await generate('ed25519')
  return {
    rsaPrivate: pem(rsa.privateKey, 'pkcs8'),
    rsaPublic: pem(rsa.publicKey, 'spki'),
    ed25519Private: pem(ed25519.privateKey, 'pkcs8'),
    ed25519Public: pem(ed25519.publicKey, 'spki'),
  }
}

const pem = (key: KeyObject, type: 'pkcs8' | 'spki') =>
  key.export({ type, format: 'pem' }).toString()
