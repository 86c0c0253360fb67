// For administrators: the robots, their tokens, and what can be done about one of them.

import { type Html, html } from '@fuchsbau/shared/html.ts'
import { buttonForm, buttonLink } from '@fuchsbau/shared/page/button.ts'
import { count, csrfField, time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { isLiving, type MadeToken } from '../../manage/access-tokens.ts'
import { addRobot, deleteRobot, giveToken, setRobotEnabled } from '../../manage/administer.ts'
import type { RobotRecord } from '../../store/records.ts'
import { done, sendError } from '../send.ts'
import { shownToken, tokenForm, wantedToken } from '../token-form.ts'
import type { Visit } from '../visit.ts'
import { accountButtons, administratorOf, auditLink, ofId, row, sendAdmin, table } from './frame.ts'
import { tokenTable } from './token-table.ts'

const ofRobot = (handle: (visit: Visit, robot: RobotRecord) => FastifyReply) =>
  ofId(({ robots }, id) => robots.get(id), handle)

export function showRobots(visit: Visit): FastifyReply {
  return sendAdmin(visit, 'robots', robotsPage(visit))
}

export function make(visit: Visit): FastifyReply {
  const { fields } = visit
  const name = (fields.get('name') ?? '').trim()
  const made = addRobot(administratorOf(visit), name, fields.get('about') ?? '')
  if (made.ok) return done(visit, `admin/robots/${made.value.id}`, 'robot')
  return sendAdmin(visit, 'robots', { ...robotsPage(visit), problem: made.reason }, 422)
}

/** There are 500 at most: one page. */
function robotsPage(visit: Visit): { title: string; body: Html } {
  const { web, csrf, fields } = visit
  const robots = web.registry.store.robots.list()
  const body = html`<h1>Robots</h1>
<p class="lead">Accounts of programs that belong to no person, such as the builds of a team. They log in with tokens that are made for them.</p>
${
  robots.length === 0
    ? html`<p class="empty">There are none yet. Make the first one below, then a token for it.</p>`
    : table({
        caption: 'Robots, by name',
        heads: ['Name', 'What for', 'Good tokens', 'State'],
        rows: robots.map((robot) => robotRow(visit, robot)),
      })
}
<form class="panel" method="post" action="${web.site.path('admin/robots')}">
<h2>Make a robot</h2>${csrfField({ csrf })}
<label for="name">Name</label>
<input id="name" name="name" required maxlength="40" placeholder="ci" autocapitalize="none" spellcheck="false" value="${fields.get('name') ?? ''}">
<p class="hint small">1 to 40 of a–z, 0–9, ".", "_" and "-". Programs log in by it.</p>
<label for="about">What for</label>
<input id="about" name="about" maxlength="200" placeholder="builds of the team" value="${fields.get('about') ?? ''}">
<button class="primary">Make the robot</button></form>`
  return { title: 'Robots', body }
}

function robotRow({ web: { site, registry } }: Visit, robot: RobotRecord): Html {
  const { id, name, about, isEnabled } = robot
  const now = registry.clock.now()
  const tokens = registry.store.accessTokens.ofRobot(id).filter((token) => isLiving(token, now))
  return row(
    html`<a href="${site.path(`admin/robots/${id}`)}">${name}</a>`,
    about || '–',
    String(tokens.length),
    isEnabled ? 'enabled' : html`<span class="state">disabled</span>`,
  )
}

export const showRobot = ofRobot((visit, robot) =>
  sendAdmin(visit, 'robots', robotPage(visit, robot)),
)

export const makeToken = ofRobot((visit, robot) => {
  const { web, fields } = visit
  const owner = { robotId: robot.id }
  const made = giveToken(
    administratorOf(visit),
    owner,
    wantedToken(fields),
    web.registry.maxTokenAgeMs,
  )
  if (made.ok) return sendAdmin(visit, 'robots', robotPage(visit, robot, made.value))
  const page = { ...robotPage(visit, robot), problem: made.reason }
  return sendAdmin(visit, 'robots', page, 422)
})

export const enable = ofRobot((visit, robot) => setEnabled(visit, robot, true))
export const disable = ofRobot((visit, robot) => setEnabled(visit, robot, false))

function setEnabled(visit: Visit, { id, name }: RobotRecord, isEnabled: boolean): FastifyReply {
  const changed = setRobotEnabled(administratorOf(visit), name, isEnabled)
  if (!changed.ok) return sendError(visit, 422, changed.reason)
  return done(visit, `admin/robots/${id}`, isEnabled ? 'enabled' : 'disabled')
}

export const showDelete = ofRobot((visit, { id, name }) => {
  const { site, registry } = visit.web
  const tokens = registry.store.accessTokens.ofRobot(id)
  const body = html`<h1>Delete the robot ${name}?</h1>
<p>Deleted with it: ${count(tokens.length, 'access token')}, which ${tokens.length === 1 ? 'ends' : 'end'} at once. Images and the lines of the audit stay. This cannot be undone; disable the robot to stop it for a while.</p>
<div class="buttons">${buttonForm(visit, `admin/robots/${id}/delete`, `Delete ${name}`, { className: 'small-button danger' })}
${buttonLink(site.path(`admin/robots/${id}`), 'Keep the robot')}</div>`
  return sendAdmin(visit, 'robots', { title: `Delete the robot ${name}?`, body })
})

export const remove = ofRobot((visit, { name }) => {
  const removed = deleteRobot(administratorOf(visit), name)
  return removed.ok ? done(visit, 'admin/robots', 'deleted') : sendError(visit, 422, removed.reason)
})

function robotPage(
  visit: Visit,
  robot: RobotRecord,
  made?: MadeToken,
): { title: string; body: Html } {
  const { id, name, about, isEnabled, createdAt, createdBy } = robot
  const tokens = visit.web.registry.store.accessTokens.ofRobot(id)
  const path = `admin/robots/${id}`
  const body = html`<h1>${name}</h1>
${made && shownToken(visit, name, made)}
<dl class="facts">
<dt>State</dt><dd class="${isEnabled ? '' : 'state'}">${isEnabled ? 'enabled' : 'disabled'}</dd>
<dt>What for</dt><dd>${about || '–'}</dd>
<dt>Made</dt><dd>${time(createdAt)} by ${createdBy}</dd>
</dl>
${auditLink(visit, 'robot', name)}
<h2>Access tokens</h2>
${tokenTable(visit, { tokens, caption: `Access tokens of the robot ${name}`, back: `robots/${id}` })}
${tokenForm(visit, { path: `${path}/tokens`, repositories: '', placeholder: 'build server', isDone: made !== undefined })}
<h2>Account</h2>
${
  isEnabled
    ? html`<p>Disabled, the robot is refused with each of its tokens, until it is enabled again.</p>`
    : html`<p>Enabled, its tokens are good again. Revoke those that should not be.</p>`
}
${accountButtons(visit, path, robot)}`
  return { title: name, body }
}
