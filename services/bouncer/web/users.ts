// For administrators: users, made, changed and removed.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { buttonForm, buttonLink } from '@fuchsbau/shared/page/button.ts'
import { numberOf } from '@fuchsbau/shared/page/form.ts'
import { count, csrfField, time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { setPassword } from '../manage/passwords.ts'
import { createUser, removeUser, updateUser } from '../manage/users.ts'
import type { User } from '../user.ts'
import { type Problem, renderField } from './fields.ts'
import type { Page } from './layout.ts'
import { linesInWords } from './retention.ts'
import { done, sendError, sendOwn } from './send.ts'
import { serverTabs } from './server-pages.ts'
import type { Handler, Visit } from './visit.ts'

interface Shown {
  /** Shown this once. */
  password?: { name: string; password: string }
  typed?: string
  problem?: Problem
}

type UserHandler = (visit: Visit, person: User) => FastifyReply | Promise<FastifyReply>

/** For the person with the id of the address. */
export function ofUser(handle: UserHandler): Handler {
  return (visit) => {
    const person = visit.web.bouncer.users.get(numberOf(visit.request.params.id))
    return person ? handle(visit, person) : sendError(visit, 404)
  }
}

export function showUsers(visit: Visit): FastifyReply {
  return sendOwn(visit, usersPage(visit, {}))
}

/** With a password that is shown once; she is to change it. */
export async function addUser(visit: Visit): Promise<FastifyReply> {
  const { web, user, fields } = visit
  const name = (fields.get('name') ?? '').trim()
  const made = await createUser(web.bouncer, user, { name, isAdmin: fields.has('isAdmin') })
  if (made.ok) {
    return sendOwn(visit, usersPage(visit, { password: { name, password: made.password } }))
  }
  const page = usersPage(visit, { typed: name, problem: made })
  return sendOwn(visit, { ...page, problem: made.reason }, 422)
}

export function showUser(visit: Visit, person: User): FastifyReply {
  return sendOwn(visit, userPage(visit, person))
}

export function changeUser(visit: Visit, person: User): FastifyReply {
  const { user, fields } = visit
  const changed = updateUser(user, person, {
    isEnabled: fields.has('isEnabled'),
    isAdmin: fields.has('isAdmin'),
    bindAddress: (fields.get('bindAddress') ?? '').trim(),
  })
  if (changed.ok) return done(visit, `users/${person.record.id}`, 'changed')
  return sendOwn(visit, { ...userPage(visit, person, changed), problem: changed.reason }, 422)
}

/** A new password, shown once, for who has forgotten hers. */
export async function resetPassword(visit: Visit, person: User): Promise<FastifyReply> {
  const set = await setPassword(person)
  if (!set.ok) return sendError(visit, 422, set.reason)
  if (person === visit.user) visit.web.sessions.begin(visit.request, visit.reply, person)
  const { name } = person.record
  return sendOwn(visit, usersPage(visit, { password: { name, password: set.password } }))
}

export function showRemoveUser(visit: Visit, person: User): FastifyReply {
  const { id, name } = person.record
  const body = html`<h1>Delete ${name}?</h1>
<p>Everything of ${name} is deleted: ${count(person.networks.size, 'network')}, the whole history, passwords, uploads. This cannot be undone. To keep ${name} out for a while, disable the account instead.</p>
<div class="buttons">${buttonForm(visit, `users/${id}/delete`, `Delete ${name}`, { className: 'small-button danger' })}
${buttonLink(visit.web.site.path(`users/${id}`), 'Keep the account')}</div>`
  return sendOwn(visit, { title: `Delete ${name}?`, body, section: 'users' })
}

export function deleteUser(visit: Visit, person: User): FastifyReply {
  const removed = removeUser(visit.user, person)
  return removed.ok ? done(visit, 'users', 'deleted') : sendError(visit, 422, removed.reason)
}

function usersPage(visit: Visit, { password, typed = '', problem }: Shown): Page {
  const { web, csrf } = visit
  const { bouncer, site } = web
  const people = [...bouncer.users.values()].sort((a, b) =>
    a.record.name.localeCompare(b.record.name),
  )
  const body = html`<h1>Users</h1>
${serverTabs(visit, 'users')}
${
  password &&
  html`<section class="panel" role="status" aria-labelledby="made"><h2 id="made">Password of ${password.name}</h2>
<p>Hand it over now: it is shown this once. It should be changed under Settings.</p><pre><code class="secret">${password.password}</code></pre></section>`
}
<ul class="rows">${people.map((person) => userRow(visit, person))}</ul>
<p class="small">${people.length} of at most ${bouncer.limits.users} users; ${bouncer.limits.networks} networks and ${bouncer.limits.clients} clients each.</p>
<form class="panel" method="post" action="${site.path('users')}">${csrfField({ csrf })}
<h2>Add a user</h2>
${renderField({ name: 'name', label: 'Name', isRequired: true, hint: 'Letters, digits, _ . and -. It cannot be changed.' }, typed, problem)}
${renderField({ name: 'isAdmin', label: 'Administrator', kind: 'check' }, '')}
<button class="primary">Add with a one-time password</button></form>`
  return { title: 'Users', body, section: 'users' }
}

function userRow({ web }: Visit, { record, networks, downstreams }: User): Html {
  const { id, name, isAdmin, isEnabled, createdAt, subject } = record
  const is = [isAdmin && 'administrator', !isEnabled && 'disabled', subject && 'linked']
  return html`<li><div><a href="${web.site.path(`users/${id}`)}"><strong>${name}</strong></a> <span class="small">${is.filter(Boolean).join(', ')}</span>
<p class="small">${count(networks.size, 'network')}, ${count(downstreams.size, 'client')}, since ${time(createdAt, '', true)}</p></div></li>`
}

function userPage(visit: Visit, person: User, problem?: Problem): Page {
  const { web, csrf } = visit
  const { id, name, isEnabled, isAdmin, bindAddress } = person.record
  const check = (isOn: boolean) => (isOn ? 'yes' : '')
  const body = html`<p class="small"><a href="${web.site.path('users')}">Users</a></p>
<h1>${name}</h1>
<p class="lead">${linesInWords(person)}</p>
<form class="panel" method="post" action="${web.site.path(`users/${id}`)}">${csrfField({ csrf })}
${renderField({ name: 'isEnabled', label: 'Enabled: may log in, and is connected to networks', kind: 'check' }, check(isEnabled), problem)}
${renderField({ name: 'isAdmin', label: 'Administrator', kind: 'check' }, check(isAdmin), problem)}
${renderField({ name: 'bindAddress', label: 'Address that connections to networks come from', hint: 'Empty: the system chooses.' }, bindAddress, problem)}
<button class="primary">Save</button></form>
<div class="buttons">${buttonForm(visit, `users/${id}/password`, 'Set a new password')}
${buttonLink(`${web.site.path('audit')}?account=${encodeURIComponent(name)}`, 'Logins')}
${buttonLink(web.site.path(`users/${id}/delete`), 'Delete')}</div>`
  return { title: name, body, section: 'users' }
}
