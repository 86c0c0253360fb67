// Local users: profile and settings (users/NAME.json, journalled) and private keys (keys/NAME.json, mode 600, never
// in the journal, in a queued message or in the cache of parsed files).

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeFileAtomic } from '@fuchsbau/shared/atomic-file.ts'
import { makeDirectory, syncDirectory } from './disk.ts'
import type { Op } from './journal.ts'
import { paths } from './layout.ts'
import { putJson, type Tree } from './tree.ts'

/** A name and a value that a profile shows. */
export interface ProfileField {
  name: string
  value: string
}

/** One file below users/. */
export interface User {
  /** Local name, in paths and handles. */
  name: string
  displayName: string
  /** Markdown. */
  bio: string
  fields: ProfileField[]
  /** File names below media/NAME/. */
  avatar?: string
  header?: string
  /** Actor ids that this one is also known as (Move towards us). */
  alsoKnownAs: string[]
  /** Actor id that this one moved to. */
  movedTo?: string
  /** Ids of pinned posts, newest pin first. */
  pinned: string[]
  /** Whether followers wait for approval. */
  isLocked: boolean
  isDiscoverable: boolean
  isBot: boolean
  language: string
  createdAt: number
  /** argon2id, see shared password module; absent: no sign-in by password. */
  passwordHash?: string
  /** Who she is at the identity provider: `ISSUER SUBJECT`; absent: linked to nobody there. */
  subject?: string
}

/** One file below keys/. PEM texts. */
export interface UserKeys {
  rsaPrivate: string
  rsaPublic: string
  ed25519Private: string
  ed25519Public: string
}

const USER_FILE = /^users\/[^/]+\.json$/

export class Users {
  readonly #tree: Tree
  /** All names, in order; a change of a profile drops them. */
  #names: readonly string[] | undefined

  constructor(tree: Tree) {
    this.#tree = tree
    tree.onChange((path) => {
      if (USER_FILE.test(path)) this.#names = undefined
    })
  }

  get(name: string): User | undefined {
    return isUserName(name) ? this.#tree.read<User>(paths.user(name)) : undefined
  }

  names(): readonly string[] {
    this.#names ??= this.#tree
      .list('users')
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length))
      .sort()
    return this.#names
  }

  put(user: User): Op {
    return putJson(paths.user(user.name), user)
  }

  keys(name: string): UserKeys | undefined {
    const file = join(this.#tree.directory, paths.key(name))
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as UserKeys) : undefined
  }

  /** Durable when this returns. Write them before the user: who has a profile has keys. */
  writeKeys(name: string, keys: UserKeys): void {
    const file = join(this.#tree.directory, paths.key(name))
    makeDirectory(dirname(file))
    writeFileAtomic(file, `${JSON.stringify(keys, null, 1)}\n`, { mode: 0o600, isDurable: true })
    syncDirectory(this.#tree.directory)
  }
}

/** A name that fits in a path, a handle and a file name: 1 to 30 of a–z, 0–9, '_', '-' within. */
export function isUserName(name: string): boolean {
  return /^[a-z0-9_](?:[a-z0-9_-]{0,28}[a-z0-9_])?$/.test(name)
}
