// The small forms of the private pages: one button, one verb.
import { STALE_FORM } from '@fuchsbau/shared/page/cookie.ts'
import { fieldsOf } from '@fuchsbau/shared/page/form.ts'
import { seeOther } from '@fuchsbau/shared/page/send.ts'
import type { FastifyReply } from 'fastify'
import { backPath } from './back.ts'
import { isTokenRight, type Visit } from './context.ts'
import type { ActorVerb, Outcome, PostVerb } from './deps.ts'
import { renderPeople } from './people.ts'
import { sendError, sendPage } from './send.ts'

type Act = (fields: URLSearchParams, user: string) => Promise<Outcome>

/** Checks the form, does it, goes back where it came from; or says why not. */
async function act({ web, request, reply }: Visit, code: string, verb: Act): Promise<FastifyReply> {
  const { site } = web
  const { user } = request.params
  const fields = fieldsOf(request)
  if (!isTokenRight(web, request, fields.get('csrf')))
    return sendError(request, reply, site, 403, STALE_FORM)
  const outcome = await verb(fields, user)
  if (!outcome.ok) return sendError(request, reply, site, 422, outcome.message)
  return seeOther(reply, backPath(site, user, fields.get('back') ?? '', code))
}

export function actOnPost(verb: PostVerb) {
  return (visit: Visit) =>
    act(visit, verb, async (fields, user) => {
      const outcome = await visit.web.verbs.onPost[verb](user, fields.get('id') ?? '')
      // A page of its own would be gone with the post.
      if (outcome.ok && verb === 'remove' && fields.get('back')?.startsWith('post?'))
        fields.set('back', '')
      return outcome
    })
}

export function actOnActor(verb: ActorVerb) {
  return (visit: Visit) =>
    act(visit, verb, (fields, user) =>
      visit.web.verbs.onActor[verb](user, (fields.get('whom') ?? '').trim()),
    )
}

export function vote(visit: Visit): Promise<FastifyReply> {
  return act(visit, 'vote', (fields, user) =>
    visit.web.verbs.vote(user, fields.get('id') ?? '', fields.getAll('option').slice(0, 100)),
  )
}

/** The form to follow shows itself again, with what was typed, when nobody was found. */
export async function follow({ web, request, reply, reader }: Visit): Promise<FastifyReply> {
  const { site, views, verbs } = web
  const fields = fieldsOf(request)
  if (!isTokenRight(web, request, fields.get('csrf')))
    return sendError(request, reply, site, 403, STALE_FORM)
  const typed = (fields.get('whom') ?? '').trim().slice(0, 2_000)
  const outcome: Outcome = typed
    ? await verbs.onActor.follow(reader.user, typed)
    : { ok: false, message: 'Enter a handle such as @user@host.' }
  if (outcome.ok)
    return seeOther(reply, backPath(site, reader.user, fields.get('back') ?? '', 'follow'))
  const view = views.people(reader.user, 'following', undefined)
  return sendPage(
    reply,
    site,
    renderPeople(view, { site, reader, problem: outcome.message, typed }),
    422,
  )
}
