// Sessions of the pages, in the bouncer's store.
import type { Identity } from '@fuchsbau/shared/login/oidc.ts'
import {
  type KeptSession,
  type SessionKeeper,
  type Session as SharedSession,
  WebSessions,
} from '@fuchsbau/shared/login/sessions.ts'
import type { PageSite } from '@fuchsbau/shared/page/site.ts'
import type { Bouncer } from '../bouncer.ts'
import type { WebSession } from '../store/sessions.ts'
import type { User } from '../user.ts'

export type Session = SharedSession<User, WebSession>
export type Sessions = WebSessions<User, WebSession>

/** ID tokens are kept in memory only: after a restart the logout is one here alone. */
const MAX_ID_TOKENS = 1_000

export function makeSessions(bouncer: Bouncer, site: PageSite): Sessions {
  const keeper = new Keeper(bouncer)
  return new WebSessions({ keeper, site, clock: bouncer.clock, cookie: 'fuchsbau-bouncer' })
}

class Keeper implements SessionKeeper<User, WebSession> {
  readonly #bouncer: Bouncer
  readonly #idTokens = new Map<string, string>()

  constructor(bouncer: Bouncer) {
    this.#bouncer = bouncer
  }

  get failure(): string | undefined {
    return this.#bouncer.store.failure
  }

  find(hash: string): { record: WebSession; person: User } | undefined {
    const { store, users } = this.#bouncer
    const record = store.sessions.get(hash)
    const person = record && users.get(record.userId)
    return record && person?.record.isEnabled ? { record, person } : undefined
  }

  ofPerson({ record }: User): WebSession[] {
    return this.#bouncer.store.sessions.list(record.id)
  }

  add(session: KeptSession, { record }: User, identity: Identity | undefined): void {
    this.#bouncer.store.sessions.add({ ...session, userId: record.id })
    if (!identity) return
    this.#idTokens.set(session.hash, identity.idToken)
    const oldest = this.#idTokens.size > MAX_ID_TOKENS && this.#idTokens.keys().next().value
    if (oldest) this.#idTokens.delete(oldest)
  }

  noteUse({ hash }: WebSession, at: number, address: string): void {
    this.#bouncer.store.sessions.noteUse(hash, at, address)
  }

  remove({ userId, hash }: WebSession): string | undefined {
    this.#bouncer.store.sessions.remove(userId, hash)
    const idToken = this.#idTokens.get(hash)
    this.#idTokens.delete(hash)
    return idToken
  }

  expire(usedBefore: number, createdBefore: number): void {
    this.#bouncer.store.sessions.expire(usedBefore, createdBefore)
  }
}
