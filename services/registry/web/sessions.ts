// Sessions of the pages: kept in the store by a hash of what the browser holds, ended when unused for a week, and after a
// month in any case. They survive a restart.
import { createHash, randomBytes } from 'node:crypto'
import {
  addCookie,
  csrfToken,
  endCookie,
  readCookie,
  setCookie,
} from '@fuchsbau/shared/page/cookie.ts'
import type { PageSite } from '@fuchsbau/shared/page/site.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Caller, isLivePerson, unlimited } from '../account/caller.ts'
import type { Registry } from '../registry.ts'
import type { PersonRecord, SessionRecord } from '../store/records.ts'

const DAY_MS = 86_400_000
const IDLE_MS = 7 * DAY_MS
const ABSOLUTE_MS = 30 * DAY_MS
/** The use of a session is written down so often at most. */
const NOTE_EVERY_MS = 60_000
const COOKIE = { name: 'fuchsbau-registry', maxAgeSeconds: ABSOLUTE_MS / 1000 }
/** A person has so many at most; the oldest end. */
const MAX_SESSIONS = 50

export interface Session {
  person: PersonRecord
  record: SessionRecord
  /** Token of the forms. */
  csrf: string
}

/** A person at a page, as the policy sees her. */
export function callerOf(person: PersonRecord): Caller {
  return unlimited({ kind: 'person', person }, 'session')
}

export class WebSessions {
  readonly #registry: Registry
  readonly #site: PageSite

  constructor(registry: Registry, site: PageSite) {
    this.#registry = registry
    this.#site = site
  }

  /** The session that the request's cookie names, of a person who may be here. */
  find(request: FastifyRequest): Session | undefined {
    const token = readCookie(request, this.#site, COOKIE)
    if (token === undefined) return
    const { store, clock } = this.#registry
    const record = store.sessions.byHash(hashOf(token))
    const person = record && store.people.get(record.personId)
    if (!record || !person || !isLivePerson(person)) return
    const now = clock.now()
    if (record.usedAt < now - IDLE_MS || record.createdAt < now - ABSOLUTE_MS) return
    if (record.usedAt < now - NOTE_EVERY_MS && store.failure === undefined) {
      store.sessions.noteUse(record.id, now, request.ip)
    }
    return { person, record, csrf: csrfToken(token) }
  }

  /** Begins a session with a new token, which is in the answer's cookie; one that the browser had before ends. */
  begin(request: FastifyRequest, reply: FastifyReply, person: PersonRecord, idToken = ''): void {
    const { store, clock } = this.#registry
    const now = clock.now()
    const before = this.find(request)
    if (before) store.sessions.remove(before.record.id)
    store.sessions.expire(now - IDLE_MS, now - ABSOLUTE_MS)
    for (const { id } of store.sessions.ofPerson(person.id).slice(MAX_SESSIONS - 1)) {
      store.sessions.remove(id)
    }
    const token = randomBytes(32).toString('base64url')
    store.sessions.add({
      hash: hashOf(token),
      personId: person.id,
      createdAt: now,
      usedAt: now,
      address: request.ip,
      idToken,
      sid: '',
    })
    addCookie(reply, setCookie(this.#site, COOKIE, token))
  }

  end({ record }: Session, reply: FastifyReply): void {
    this.#registry.store.sessions.remove(record.id)
    addCookie(reply, endCookie(this.#site, COOKIE))
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
