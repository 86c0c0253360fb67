// What a person sets of herself: nick, real name, password, how she logs in, where she is logged in.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { buttonForm, buttonLink } from '@fuchsbau/shared/page/button.ts'
import { count, csrfField, time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { updateNetwork } from '../manage/networks.ts'
import { passwordProblem, setPassword } from '../manage/passwords.ts'
import { updateUser } from '../manage/users.ts'
import { type Problem, renderField } from './fields.ts'
import type { Page } from './layout.ts'
import { authenticateByOwn } from './own-password.ts'
import { linesInWords } from './retention.ts'
import { done, sendError, sendOwn } from './send.ts'
import type { Visit } from './visit.ts'

const DAY_MS = 86_400_000

export function showSettings(visit: Visit): FastifyReply {
  const { nick, realname } = visit.user.record
  return sendOwn(visit, settingsPage(visit, { nick, realname }))
}

export function saveSettings(visit: Visit): FastifyReply {
  const { user, fields } = visit
  const nick = (fields.get('nick') ?? '').trim()
  const realname = (fields.get('realname') ?? '').trim()
  const changed = updateUser(user, user, { nick, realname })
  if (!changed.ok) return again(visit, { nick, realname }, changed)
  const isAutoAway = fields.has('isAutoAway')
  for (const network of user.networks.values()) {
    if (network.record.isAutoAway !== isAutoAway) updateNetwork(user, network, { isAutoAway })
  }
  return done(visit, 'settings', 'changed')
}

/** Needs the old password; all other sessions end, and this one gets a new token. */
export async function changePassword(visit: Visit): Promise<FastifyReply> {
  const { web, user, fields, request, reply } = visit
  const { record } = user
  const { nick, realname } = record
  const password = fields.get('password') ?? ''
  const refused = (problem: Problem) => again(visit, { nick, realname }, problem)
  if (password !== fields.get('repeated')) {
    return refused({ field: 'repeated', reason: 'The new passwords differ: enter the same twice.' })
  }
  const problem = passwordProblem(password)
  if (problem) return refused(problem)
  if (record.password !== '') {
    const checked = await authenticateByOwn(web.bouncer, {
      name: record.name,
      password: fields.get('current') ?? '',
      address: request.ip,
      method: 'web, new password',
      client: (request.headers['user-agent'] ?? '').slice(0, 200),
    })
    if (!checked.ok) {
      const isWrong = checked.reason.startsWith('User name')
      const reason = isWrong ? 'The current password is wrong.' : checked.reason
      return refused({ field: 'current', reason })
    }
  }
  const changed = await setPassword(user, password)
  if (!changed.ok) return refused(changed)
  web.sessions.begin(request, reply, user)
  return done(visit, 'settings', 'password')
}

/** Ends all sessions of hers but this one. */
export function logOutElsewhere(visit: Visit): FastifyReply {
  const { web, user, session } = visit
  const { sessions } = web.bouncer.store
  for (const { hash } of sessions.list(user.record.id)) {
    if (hash !== session.record.hash) sessions.remove(user.record.id, hash)
  }
  return done(visit, 'settings', 'away')
}

/** Not without a password: nothing else would let her in. */
export function unlink(visit: Visit): FastifyReply {
  const { web, user } = visit
  if (user.record.password === '') return sendError(visit, 422, 'Set a password first.')
  const record = { ...user.record, subject: '' }
  if (!web.bouncer.store.users.put(record)) return sendError(visit, 404)
  user.record = record
  return done(visit, 'settings', 'unlinked')
}

function again(visit: Visit, values: Record<string, string>, problem: Problem): FastifyReply {
  return sendOwn(visit, { ...settingsPage(visit, values, problem), problem: problem.reason }, 422)
}

function settingsPage(visit: Visit, values: Record<string, string>, problem?: Problem): Page {
  const { web, user, csrf } = visit
  const { site, retentionMs } = web
  const networks = [...user.networks.values()]
  const isAutoAway = networks.every(({ record }) => record.isAutoAway)
  const body = html`<h1>Settings</h1>
<div class="buttons">${buttonLink(site.path('passwords'), 'App passwords and certificates')}
${buttonLink(site.path('files'), 'Uploads')}</div>
<form class="panel" method="post" action="${site.path('settings')}">${csrfField({ csrf })}
<h2>You</h2>
<div class="row">${renderField({ name: 'nick', label: 'Nick', hint: 'Of networks that you add from now on.' }, values['nick'] ?? '', problem)}
${renderField({ name: 'realname', label: 'Real name', hint: 'Everybody can see it.' }, values['realname'] ?? '', problem)}</div>
${networks.length > 0 && renderField({ name: 'isAutoAway', label: 'Set me away on all networks when my last client leaves', kind: 'check' }, isAutoAway ? 'yes' : '')}
<button class="primary">Save</button></form>
<form class="panel" method="post" action="${site.path('settings/password')}">${csrfField({ csrf })}
<h2>Password</h2>
${user.record.password !== '' && renderField({ name: 'current', label: 'Current password', kind: 'secret', complete: 'current-password', isRequired: true }, '', problem)}
<div class="row">${renderField({ name: 'password', label: 'New password', kind: 'new-secret', complete: 'new-password', isRequired: true }, '', problem)}
${renderField({ name: 'repeated', label: 'Again', kind: 'new-secret', complete: 'new-password', isRequired: true }, '', problem)}</div>
<button class="primary">Change the password</button>
<p class="small hint">It is the one for IRC, too. App passwords stay as they are.</p></form>
${provider(visit)}
${sessions(visit)}
<section class="panel"><h2>History</h2>
<p>Lines are kept for ${count(Math.round(retentionMs / DAY_MS), 'day')}, then deleted, where a network (under Edit) or a conversation has no rule of its own. ${linesInWords(user)} Conversations can be exported and deleted in the <a href="${site.path('history')}">history</a>.</p></section>`
  return { title: 'Settings', body, section: 'settings' }
}

function provider(visit: Visit): Html | '' {
  const { web, user } = visit
  if (!web.party) return ''
  const { host } = new URL(web.party.issuer)
  return html`<section class="panel"><h2>Login with ${host}</h2>
${
  user.record.subject
    ? html`<p>Your account is linked to your identity at ${host}, which lets you in without a password.</p>${buttonForm(visit, 'settings/unlink', 'Unlink', { about: host })}`
    : html`<p>Not linked yet. Log out, then log in with ${host}: you are asked for your password once, and linked.</p>`
}</section>`
}

function sessions(visit: Visit): Html {
  const { web, user, session } = visit
  const all = web.bouncer.store.sessions.list(user.record.id)
  return html`<section class="panel"><h2>Logged in</h2>
<ul class="rows">${all.map(({ hash, createdAt, usedAt, address }) => html`<li><div>${hash === session.record.hash ? html`<strong>This browser</strong>` : 'Another browser'} <span class="small">from ${address}, since ${time(createdAt)}, last seen ${time(usedAt)}</span></div></li>`)}</ul>
${all.length > 1 && html`<p></p>${buttonForm(visit, 'settings/sessions', 'Log out all others')}`}</section>`
}
