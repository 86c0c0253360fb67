// Sessions of the pages, in the registry's store.
import {
  type SessionKeeper,
  type Session as SharedSession,
  WebSessions,
} from '@fuchsbau/shared/login/sessions.ts'
import type { PageSite } from '@fuchsbau/shared/page/site.ts'
import { type Caller, isLivePerson, unlimited } from '../account/caller.ts'
import type { Registry } from '../registry.ts'
import type { PersonRecord, SessionRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'

export type Session = SharedSession<PersonRecord, SessionRecord>
export type Sessions = WebSessions<PersonRecord, SessionRecord>

/** A person at a page, as the policy sees her. */
export function callerOf(person: PersonRecord): Caller {
  return unlimited({ kind: 'person', person }, 'session')
}

export function makeSessions({ store, clock }: Registry, site: PageSite): Sessions {
  return new WebSessions({ keeper: keeperOf(store), site, clock, cookie: 'fuchsbau-registry' })
}

function keeperOf(store: Store): SessionKeeper<PersonRecord, SessionRecord> {
  const { sessions, people } = store
  return {
    get failure() {
      return store.failure
    },
    find(hash) {
      const record = sessions.byHash(hash)
      const person = record && people.get(record.personId)
      return record && person && isLivePerson(person) ? { record, person } : undefined
    },
    ofPerson: ({ id }) => sessions.ofPerson(id),
    add(session, { id }, identity) {
      const { idToken = '', sid = '' } = identity ?? {}
      sessions.add({ ...session, personId: id, idToken, sid })
    },
    noteUse: ({ id }, at, address) => sessions.noteUse(id, at, address),
    remove({ id, idToken }) {
      sessions.remove(id)
      return idToken || undefined
    },
    expire: (usedBefore, createdBefore) => sessions.expire(usedBefore, createdBefore),
  }
}
