// The forms with files: publishing, editing, the profile. What was typed is shown again when it is not taken.
import { STALE_FORM } from '@fuchsbau/shared/page/cookie.ts'
import { seeOther } from '@fuchsbau/shared/page/send.ts'
import type { FastifyReply } from 'fastify'
import { backPath } from './back.ts'
import { isTokenRight, type Visit, type Web } from './context.ts'
import type { NewPost, Outcome, ProfileChange, Upload } from './deps.ts'
import { readParts } from './form.ts'
import { LANGUAGE } from './language.ts'
import { composeOptions } from './own-pages.ts'
import { FIELD_ROWS, renderProfileForm } from './profile-form.ts'
import { sendError, sendPage } from './send.ts'
import { renderComposePage } from './timeline.ts'
import type { AttachmentView, Audience, DraftView } from './views.ts'

const audiences: readonly Audience[] = ['public', 'unlisted', 'followers', 'direct']
const MAX_POLL_HOURS = 24 * 30

type Received = {
  fields: URLSearchParams
  files: Map<string, AttachmentView>
  problem?: string
  isTrusted: boolean
}

/** Reads the form; files are kept only once its token, which comes first, was right. */
async function receive({ web, request }: Visit): Promise<Received> {
  const { user } = request.params
  const files = new Map<string, AttachmentView>()
  let problem: string | undefined
  const fields = await readParts(request, async (name, file: Upload, before) => {
    if (problem || !isTokenRight(web, request, before.get('csrf'))) return
    const kept = await web.verbs.upload(user, file)
    if (kept.ok) files.set(name, kept.attachment)
    else problem = kept.message
  })
  const isTrusted = isTokenRight(web, request, fields.get('csrf'))
  return { fields, files, isTrusted, ...(problem ? { problem } : {}) }
}

/** The new files with their descriptions. */
function described({ fields, files }: Received): AttachmentView[] {
  return [...files].map(([field, attachment]) => {
    const name = (fields.get(field.replace(/^file/, 'alt')) ?? '').trim().slice(0, 1_500)
    return { ...attachment, name }
  })
}

export async function publish(visit: Visit): Promise<FastifyReply> {
  const { web, request, reply, reader } = visit
  const received = await receive(visit)
  const { fields, files, problem, isTrusted } = received
  if (!isTrusted) return sendError(request, reply, web.site, 403, STALE_FORM)
  const post = newPost(web, fields, described(received))
  const outcome: Outcome = problem
    ? { ok: false, message: problem }
    : await web.verbs.publish(reader.user, post)
  if (outcome.ok)
    return seeOther(reply, backPath(web.site, reader.user, fields.get('back') ?? '', 'publish'))
  const answered = post.inReplyTo ? web.views.ownThread(reader.user, post.inReplyTo) : undefined
  const draft = {
    ...post,
    attachments: [],
    ...(answered && answered !== 'gone' ? { reply: answered.post } : {}),
  }
  return composeAgain(visit, {
    draft,
    fields,
    message: again(outcome.message, files.size > 0),
  })
}

export async function edit(visit: Visit): Promise<FastifyReply> {
  const { web, request, reply, reader } = visit
  const received = await receive(visit)
  const { fields, files, problem, isTrusted } = received
  const { site, views, verbs } = web
  if (!isTrusted) return sendError(request, reply, site, 403, STALE_FORM)
  const id = fields.get('id') ?? ''
  const before = views.draft(reader.user, id)
  if (!before?.editOf)
    return sendError(request, reply, site, 404, 'Only a post of your own can be edited.')
  const kept = keptAttachments(before, fields)
  const { text, warning, language, attachments } = newPost(web, fields, [
    ...kept,
    ...described(received),
  ])
  const outcome: Outcome = problem
    ? { ok: false, message: problem }
    : await verbs.edit(reader.user, id, { text, warning, language, attachments })
  if (outcome.ok)
    return seeOther(reply, backPath(site, reader.user, fields.get('back') ?? '', 'edit'))
  const draft = { ...before, text, warning, language, attachments: kept }
  return composeAgain(visit, {
    draft,
    fields,
    message: again(outcome.message, files.size > 0),
  })
}

export async function saveProfile(visit: Visit): Promise<FastifyReply> {
  const { web, request, reply, reader } = visit
  const { site, views, verbs } = web
  const { fields, files, problem, isTrusted } = await receive(visit)
  if (!isTrusted) return sendError(request, reply, site, 403, STALE_FORM)
  const change = profileChange(fields, files)
  const outcome: Outcome = problem
    ? { ok: false, message: problem }
    : await verbs.changeProfile(reader.user, change)
  if (outcome.ok) return seeOther(reply, backPath(site, reader.user, 'profile', 'profile'))
  const { avatarUrl = '', headerUrl = '' } = views.profileDraft(reader.user) ?? {}
  const draft = { ...change, avatarUrl, headerUrl }
  return sendPage(
    reply,
    site,
    renderProfileForm(draft, { site, reader, problem: outcome.message }),
    422,
  )
}

function newPost(
  { clock, limits }: Web,
  fields: URLSearchParams,
  attachments: AttachmentView[],
): NewPost {
  const audience = audiences.find((name) => name === fields.get('audience')) ?? 'public'
  const language = fields.get('language') ?? ''
  const inReplyTo = fields.get('inReplyTo')
  const options = fields
    .getAll('option')
    .map((option) => option.trim())
    .filter(Boolean)
  const hours = Number(fields.get('hours')) || 24
  const endsAt = clock.now() + Math.min(Math.max(hours, 1), MAX_POLL_HOURS) * 3_600_000
  const isMultiple = fields.get('multiple') === '1'
  return {
    text: (fields.get('text') ?? '').slice(0, limits.textChars + 1),
    warning: (fields.get('warning') ?? '').trim().slice(0, 500),
    audience,
    language: LANGUAGE.test(language) ? language : 'en',
    attachments,
    ...(inReplyTo ? { inReplyTo: inReplyTo.slice(0, 2_048) } : {}),
    ...(options.length > 0
      ? { poll: { options: options.slice(0, limits.pollOptions + 1), isMultiple, endsAt } }
      : {}),
  }
}

/** Those of the post's files that are still ticked, with their descriptions as they are now. */
function keptAttachments({ attachments }: DraftView, fields: URLSearchParams): AttachmentView[] {
  const keep = new Set(fields.getAll('keep'))
  return attachments.flatMap((attachment, index) =>
    keep.has(attachment.url)
      ? [{ ...attachment, name: (fields.get(`kept${index}`) ?? attachment.name).trim() }]
      : [],
  )
}

function profileChange(fields: URLSearchParams, files: Map<string, AttachmentView>): ProfileChange {
  const text = (name: string, longest: number) => (fields.get(name) ?? '').trim().slice(0, longest)
  const rows = Array.from({ length: FIELD_ROWS }, (_, row) => ({
    name: text(`fieldName${row}`, 255),
    value: text(`fieldValue${row}`, 2_047),
  }))
  const picture = (name: string) =>
    files.get(name)?.url ?? (fields.get(`no-${name}`) === '1' ? '' : undefined)
  const avatarUrl = picture('avatar')
  const headerUrl = picture('header')
  const language = text('language', 35)
  return {
    displayName: text('displayName', 200),
    bio: text('bio', 5_000),
    fields: rows.filter(({ name, value }) => name && value),
    language: LANGUAGE.test(language) ? language : 'en',
    isLocked: fields.get('isLocked') === '1',
    isDiscoverable: fields.get('isDiscoverable') === '1',
    isBot: fields.get('isBot') === '1',
    ...(avatarUrl === undefined ? {} : { avatarUrl }),
    ...(headerUrl === undefined ? {} : { headerUrl }),
  }
}

type Again = { draft: DraftView; fields: URLSearchParams; message: string }

function composeAgain(
  { web, reply, reader }: Visit,
  { draft, fields, message }: Again,
): FastifyReply {
  const compose = composeOptions(web, reader, draft, fields.get('back') ?? '', message)
  return sendPage(reply, web.site, renderComposePage({ site: web.site, reader, compose }), 422)
}

function again(message: string, hadFiles: boolean): string {
  return hadFiles ? `${message} The files have to be chosen again.` : message
}
