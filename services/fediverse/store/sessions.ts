// Signed-in browsers: one file per session, named by the hash of its token; the token itself is kept nowhere.

import { createHash } from 'node:crypto'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { paths } from './layout.ts'
import { putJson, removeFile, type Tree } from './tree.ts'

/** One file below sessions/. */
interface Session {
  user: string
  createdAt: number
  usedAt: number
}

/** Ends after so long without use, and after so long in all, ms. */
const IDLE_MS = 14 * 86_400_000
const LIFETIME_MS = 90 * 86_400_000
/** Use is noted at most this often. */
const TOUCH_MS = 3_600_000

export class Sessions {
  readonly #tree: Tree
  readonly #clock: Clock

  constructor(tree: Tree, clock: Clock) {
    this.#tree = tree
    this.#clock = clock
  }

  /** Begins the session of a token that the caller made from 256 random bits. */
  begin(token: string, user: string): Promise<void> {
    const now = this.#clock.now()
    const session: Session = { user, createdAt: now, usedAt: now }
    return this.#tree.commit([putJson(pathOf(token), session)])
  }

  /** Whose session it is; undefined when there is none, or it has ended. */
  find(token: string): { user: string } | undefined {
    const path = pathOf(token)
    const session = this.#tree.read<Session>(path)
    if (!session) return
    const now = this.#clock.now()
    if (now - session.usedAt > IDLE_MS || now - session.createdAt > LIFETIME_MS) return
    if (now - session.usedAt > TOUCH_MS) this.#tree.writeCached(path, { ...session, usedAt: now })
    return { user: session.user }
  }

  end(token: string): Promise<void> {
    return this.#tree.commit([removeFile(pathOf(token))])
  }

  /** Ends every session of a user: her password has changed. */
  endAll(user: string): Promise<void> {
    const ops = this.#tree
      .list('sessions')
      .filter((file) => this.#tree.read<Session>(`sessions/${file}`)?.user === user)
      .map((file) => removeFile(`sessions/${file}`))
    return ops.length > 0 ? this.#tree.commit(ops) : Promise.resolve()
  }
}

/** SHA-256 is enough for 256 random bits; the look-up by name tells nothing about the token. */
const pathOf = (token: string) => paths.session(createHash('sha256').update(token).digest('hex'))
