// The private pages: home timeline, notifications, people, one post with the form to answer, edit, profile.
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import type { FastifyReply } from 'fastify'
import { plainText } from '../post/sanitize.ts'
import type { ComposeOptions } from './compose.ts'
import type { Visit, Web } from './context.ts'
import type { Reader } from './layout.ts'
import { messageOf } from './message.ts'
import { renderNotifications } from './notifications.ts'
import { renderPeople } from './people.ts'
import { renderOwnPost } from './post.ts'
import { renderProfileForm } from './profile-form.ts'
import { sendError, sendPage } from './send.ts'
import { renderComposePage, renderHome } from './timeline.ts'
import { type DraftView, type PeopleList, type PostView, peopleLists } from './views.ts'

export function showHome({ web, request, reply, reader }: Visit): FastifyReply {
  const { site, views } = web
  const before = queryOf(request, 'before')
  const back = before ? `?before=${encodeURIComponent(before)}` : ''
  const compose = composeOptions(web, reader, emptyDraft(reader), back)
  const page = renderHome(views.home(reader.user, before), {
    site,
    reader,
    compose,
    message: messageOf(request.query),
  })
  return sendPage(reply, site, page)
}

export function showNotifications({ web, request, reply, reader }: Visit): FastifyReply {
  const { site, views } = web
  const before = queryOf(request, 'before')
  const page = views.notifications(reader.user, before)
  const back = `notifications${before ? `?before=${encodeURIComponent(before)}` : ''}`
  const options = {
    site,
    reader: before ? reader : { ...reader, unread: 0 },
    back,
    message: messageOf(request.query),
  }
  return sendPage(reply, site, renderNotifications(page, options))
}

export function showPeople({ web, request, reply, reader }: Visit): FastifyReply {
  const { site, views } = web
  const view = views.people(
    reader.user,
    peopleList(queryOf(request, 'list')),
    queryOf(request, 'before'),
  )
  return sendPage(
    reply,
    site,
    renderPeople(view, { site, reader, message: messageOf(request.query) }),
  )
}

export function showOwnPost({ web, request, reply, reader }: Visit): FastifyReply {
  const { site, views } = web
  const thread = views.ownThread(reader.user, queryOf(request, 'id') ?? '')
  if (!thread || thread === 'gone') return sendError(request, reply, site, thread ? 410 : 404)
  const back = `post?id=${encodeURIComponent(thread.post.id)}`
  const compose = composeOptions(web, reader, answerDraft(reader, thread.post), back)
  return sendPage(
    reply,
    site,
    renderOwnPost(thread, { site, reader, compose, message: messageOf(request.query) }),
  )
}

export function showEdit({ web, request, reply, reader }: Visit): FastifyReply {
  const { site, views } = web
  const draft = views.draft(reader.user, queryOf(request, 'id') ?? '')
  if (!draft?.editOf)
    return sendError(request, reply, site, 404, 'Only a post of your own can be edited.')
  const compose = composeOptions(web, reader, draft, `post?id=${encodeURIComponent(draft.editOf)}`)
  return sendPage(reply, site, renderComposePage({ site, reader, compose }))
}

export function showProfileForm({ web, request, reply, reader }: Visit): FastifyReply {
  const { site, views } = web
  const draft = views.profileDraft(reader.user)
  if (!draft) return sendError(request, reply, site, 404)
  return sendPage(
    reply,
    site,
    renderProfileForm(draft, { site, reader, message: messageOf(request.query) }),
  )
}

export function peopleList(name: string | undefined): PeopleList {
  return peopleLists.find((list) => list === name) ?? 'following'
}

export function composeOptions(
  { site, limits }: Web,
  reader: Reader,
  draft: DraftView,
  back: string,
  problem?: string,
): ComposeOptions {
  return { site, reader, draft, limits, back, problem }
}

function emptyDraft({ language }: Reader): DraftView {
  return { text: '', warning: '', language, audience: 'public', attachments: [] }
}

/** An answer begins with the author's handle, goes no further than the post, and keeps its warning. */
export function answerDraft(reader: Reader, post: PostView): DraftView {
  const isSelf = post.author.id === reader.person.id
  const warning = post.warning ? `re: ${plainText(post.warning.replace(/^re: /i, ''), 400)}` : ''
  return {
    ...emptyDraft(reader),
    text: isSelf ? '' : `${post.author.handle} `,
    warning,
    audience: post.audience,
    reply: post,
  }
}
