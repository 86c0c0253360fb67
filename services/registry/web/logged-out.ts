// The provider says that somebody's session there has ended: what she has here by it ends, too.
// https://openid.net/specs/openid-connect-backchannel-1_0.html
import type { LoggedOut } from '@fuchsbau/shared/login/oidc.ts'
import { fieldsOf } from '@fuchsbau/shared/page/form.ts'
import type { FastifyReply } from 'fastify'
import { unlimited } from '../account/caller.ts'
import { audit, type Registry } from '../registry.ts'
import type { PersonRecord, SessionRecord } from '../store/records.ts'
import { sendError } from './send.ts'
import type { Request, Web } from './visit.ts'

/**
 * Answers when the sessions have ended (2.8). Whether she is still there at all is asked at once: the next use of one of her
 * tokens waits for that.
 */
export async function takeLogout(web: Web, request: Request, reply: FastifyReply) {
  const { party, registry } = web
  if (!party) return sendError({ web, request, reply }, 404)
  reply.header('cache-control', 'no-store')
  const told = await party.loggedOut(fieldsOf(request).get('logout_token') ?? '')
  if (!told.ok) {
    const error = { error: 'invalid_request', error_description: told.reason }
    return reply.code(400).send(error)
  }
  for (const { person, sessions } of endedBy(registry, told)) {
    for (const { id } of sessions) registry.store.sessions.remove(id)
    audit(registry, {
      event: 'logout',
      caller: unlimited({ kind: 'person', person }, 'none'),
      address: request.ip,
      outcome: `by the identity provider: ${sessions.length} ended`,
    })
    registry.recheck.demand(person)
  }
  return reply.code(200).send()
}

/** Whose sessions end (2.7): the one that is named, else all of hers. One that has no name may be the one that is meant. */
function endedBy(
  { store }: Registry,
  { issuer, subject, sid }: Extract<LoggedOut, { ok: true }>,
): { person: PersonRecord; sessions: SessionRecord[] }[] {
  const named = sid === undefined ? [] : store.sessions.bySid(sid)
  const ids = new Set(named.map(({ personId }) => personId))
  const person = subject === undefined ? undefined : store.people.identified(issuer, subject)
  if (person) ids.add(person.id)
  return [...ids].flatMap((id) => {
    const each = store.people.get(id)
    const isHers = each?.issuer === issuer && (subject === undefined || each.sub === subject)
    if (!each || !isHers) return []
    const sessions = store.sessions
      .ofPerson(id)
      .filter((session) => sid === undefined || session.sid === sid || session.sid === '')
    return [{ person: each, sessions }]
  })
}
