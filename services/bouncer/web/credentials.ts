// What logs a person's programs in: app passwords and client certificates.
import { html } from '@fuchsbau/shared/html.ts'
import { buttonForm } from '@fuchsbau/shared/page/button.ts'
import { numberOf } from '@fuchsbau/shared/page/form.ts'
import { csrfField, time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { addCertificate, listCertificates, removeCertificate } from '../manage/certificates.ts'
import { createAppPassword, listAppPasswords, revokeAppPassword } from '../manage/passwords.ts'
import type { Fingerprint } from '../store/credentials.ts'
import type { AppPassword } from '../store/records.ts'
import { type Problem, renderField } from './fields.ts'
import type { Page } from './layout.ts'
import { done, sendError, sendOwn } from './send.ts'
import type { Visit } from './visit.ts'

interface Shown {
  /** Made just now: shown this once. */
  made?: { label: string; password: string }
  typed?: Record<string, string>
  problem?: Problem
}

export function showCredentials(visit: Visit): FastifyReply {
  return sendOwn(visit, credentialsPage(visit, {}))
}

/** The password is in the answer and nowhere else. */
export async function makeAppPassword(visit: Visit): Promise<FastifyReply> {
  const label = visit.fields.get('label') ?? ''
  const made = await createAppPassword(visit.user, label)
  if (made.ok) {
    const { password, app } = made
    return sendOwn(visit, credentialsPage(visit, { made: { label: app.label, password } }))
  }
  const page = credentialsPage(visit, { typed: { label }, problem: made })
  return sendOwn(visit, { ...page, problem: made.reason }, 422)
}

export function revokePassword(visit: Visit): FastifyReply {
  const revoked = revokeAppPassword(visit.user, numberOf(visit.request.params.id))
  return revoked.ok ? done(visit, 'passwords', 'revoked') : sendError(visit, 404, revoked.reason)
}

export function addOwnCertificate(visit: Visit): FastifyReply {
  const text = visit.fields.get('fingerprint') ?? ''
  const label = visit.fields.get('name') ?? ''
  const added = addCertificate(visit.user, text, label)
  if (added.ok) return done(visit, 'passwords', 'changed')
  const problem = { field: 'fingerprint', ...added }
  const page = credentialsPage(visit, { typed: { fingerprint: text, name: label }, problem })
  return sendOwn(visit, { ...page, problem: added.reason }, 422)
}

export function removeOwnCertificate(visit: Visit): FastifyReply {
  const removed = removeCertificate(visit.user, visit.fields.get('fingerprint') ?? '')
  return removed.ok ? done(visit, 'passwords', 'revoked') : sendError(visit, 404, removed.reason)
}

function credentialsPage(visit: Visit, { made, typed = {}, problem }: Shown): Page {
  const { web, user, csrf } = visit
  const passwords = listAppPasswords(user)
  const certificates = listCertificates(user)
  const body = html`<h1>App passwords</h1>
<p class="lead">One for each program and device. They log in to IRC as you, but not to these pages; revoke one when its device is lost.</p>
${
  made &&
  html`<section class="panel" role="status" aria-labelledby="made"><h2 id="made">Password for ${made.label}</h2>
<p>Copy it now: it is shown this once.</p><pre><code class="secret">${made.password}</code></pre>
<p class="small">User name: <code>${user.record.name}/NETWORK@${clientName(made.label)}</code>. <a href="${web.site.path('connect')}">Examples for clients</a></p></section>`
}
${passwords.length > 0 && html`<ul class="rows">${passwords.map((each) => passwordRow(visit, each))}</ul>`}
<form class="panel" method="post" action="${web.site.path('passwords')}">${csrfField({ csrf })}
<h2>Make one</h2>
${renderField({ name: 'label', label: 'For which program?', isRequired: true, placeholder: 'senpai on the laptop' }, typed['label'] ?? '', problem)}
<button class="primary">Make an app password</button></form>
<h2>Client certificates</h2>
<p class="lead">A client with one of these certificates logs in without a password (SASL EXTERNAL).</p>
${certificates.length > 0 && html`<ul class="rows">${certificates.map((each) => certificateRow(visit, each))}</ul>`}
<form class="panel" method="post" action="${web.site.path('certificates')}">${csrfField({ csrf })}
<h3>Add one</h3>
${renderField({ name: 'name', label: 'Name' }, typed['name'] ?? '', problem)}
${renderField({ name: 'fingerprint', label: 'SHA-256 fingerprint, or the certificate as PEM', kind: 'area', isRequired: true }, typed['fingerprint'] ?? '', problem)}
<button class="primary">Add the certificate</button></form>`
  return { title: 'App passwords', body, section: 'settings' }
}

function passwordRow(
  visit: Visit,
  { id, label, createdAt, lastUsedAt, lastUsedFrom }: AppPassword,
) {
  const use =
    lastUsedAt === undefined || lastUsedAt === null
      ? 'never used'
      : html`last used ${time(lastUsedAt)} from ${lastUsedFrom}`
  return html`<li><div><strong>${label}</strong><p class="small">made ${time(createdAt, '', true)}, ${use}</p></div>
${buttonForm(visit, `passwords/${id}/revoke`, 'Revoke', { about: label })}</li>`
}

function certificateRow(visit: Visit, { fingerprint, label, createdAt }: Fingerprint) {
  return html`<li><div><strong>${label || 'Certificate'}</strong><p class="small">added ${time(createdAt, '', true)}, <code>${fingerprint}</code></p></div>
${buttonForm(visit, 'certificates/remove', 'Remove', { fields: { fingerprint }, about: label || fingerprint.slice(0, 8) })}</li>`
}

/** What a program is called in a login name. */
function clientName(label: string): string {
  return (
    label
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 30) || 'client'
  )
}
