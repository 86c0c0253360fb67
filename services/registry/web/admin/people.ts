// For administrators: the people, and what can be done about one of them.
import { html } from '@fuchsbau/shared/html.ts'
import { buttonForm, buttonLink } from '@fuchsbau/shared/page/button.ts'
import { numberOf, queryOf } from '@fuchsbau/shared/page/form.ts'
import { count, time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { deletePerson, endSessions, setPersonEnabled } from '../../manage/administer.ts'
import type { PersonRecord } from '../../store/records.ts'
import { done } from '../send.ts'
import type { Visit } from '../visit.ts'
import { administratorOf, moreLink, ofId, row, sendAdmin, table } from './frame.ts'
import { personPage, stateOf } from './person.ts'

const PAGE = 50
/** Of one person, in the list. */
const MOST_GROUPS = 5

const ofPerson = (handle: (visit: Visit, person: PersonRecord) => FastifyReply) =>
  ofId(({ people }, id) => people.get(id), handle)

export function showPeople(visit: Visit): FastifyReply {
  const { site, registry } = visit.web
  const wanted = queryOf(visit.request, 'q') ?? ''
  const after = queryOf(visit.request, 'after') ?? ''
  const found = registry.store.people.search(wanted, after, PAGE + 1)
  const people = found.slice(0, PAGE)
  const caption =
    after === '' ? 'People, by name' : `People, by name, from ${people[0]?.name ?? after}`
  const list = table({
    caption,
    heads: ['Name', 'Groups', 'Last login', 'State'],
    rows: people.map((person) => personRow(visit, person)),
  })
  const nobody = wanted
    ? html`<p class="empty">Nobody is called so, and no group is.</p>`
    : html`<p class="empty">Nobody is here. People come by logging in for the first time.</p>`
  const body = html`<h1>People</h1>
<p class="lead">Who has logged in at least once. Their groups come from the identity provider; what they may do says the <a href="${site.path('admin/policy')}">policy</a>.</p>
<form class="search" role="search" action="${site.path('admin/people')}">
<div><label for="q">Name or group</label><input id="q" name="q" value="${wanted}" maxlength="200" autocapitalize="none" spellcheck="false"></div>
<button>Search</button>
</form>
${people.length === 0 ? nobody : list}
${
  found.length > PAGE &&
  moreLink(visit, 'admin/people', { q: wanted, after: people.at(-1)?.name }, 'More people')
}`
  return sendAdmin(visit, 'people', { title: 'People', body })
}

function personRow({ web: { site } }: Visit, person: PersonRecord) {
  const { id, name, groups, lastLoginAt, isEnabled, isGone } = person
  const more = groups.length - MOST_GROUPS
  const state = html`<span class="${isEnabled && !isGone ? '' : 'state'}">${stateOf(person)}</span>`
  return row(
    html`<a href="${site.path(`admin/people/${id}`)}">${name}</a>`,
    `${groups.slice(0, MOST_GROUPS).join(', ')}${more > 0 ? ` and ${more} more` : ''}` || '–',
    lastLoginAt === undefined ? 'never' : time(lastLoginAt, '', true),
    state,
  )
}

export const showPerson = ofPerson((visit, person) =>
  sendAdmin(visit, 'people', personPage(visit, person)),
)

export const enable = ofPerson((visit, person) => setEnabled(visit, person, true))
export const disable = ofPerson((visit, person) => setEnabled(visit, person, false))

/** Nobody locks herself out by a slip. */
function setEnabled(visit: Visit, person: PersonRecord, isEnabled: boolean): FastifyReply {
  if (isHerself(visit, person)) return refuse(visit, person, 'You cannot disable yourself.')
  const changed = setPersonEnabled(administratorOf(visit), person.name, isEnabled)
  if (!changed.ok) return refuse(visit, person, changed.reason)
  return done(visit, `admin/people/${person.id}`, isEnabled ? 'enabled' : 'disabled')
}

/** One of her sessions, when the form names it, or all. */
export const endHerSessions = ofPerson((visit, person) => {
  const text = visit.fields.get('session')
  const ended = endSessions(administratorOf(visit), person, text ? numberOf(text) : undefined)
  if (ended === 0) return refuse(visit, person, 'There is no such session any more.')
  return done(visit, `admin/people/${person.id}`, 'over')
})

export const showDelete = ofPerson((visit, person) => {
  const { id, name, issuer } = person
  const { site, registry } = visit.web
  const { sessions, accessTokens } = registry.store
  const body = html`<h1>Delete ${name}?</h1>
<p>Deleted with the account: ${count(sessions.ofPerson(id).length, 'session')} and ${count(accessTokens.ofPerson(id).length, 'access token')}. They end at once. Images and the lines of the audit stay.</p>
${issuer && html`<p>${name} can log in again with the identity provider, and is then new here. To keep somebody out, disable the account instead.</p>`}
<div class="buttons">${buttonForm(visit, `admin/people/${id}/delete`, `Delete ${name}`, { className: 'small-button danger' })}
${buttonLink(site.path(`admin/people/${id}`), 'Keep the account')}</div>`
  return sendAdmin(visit, 'people', { title: `Delete ${name}?`, body })
})

export const remove = ofPerson((visit, person) => {
  if (isHerself(visit, person)) return refuse(visit, person, 'You cannot delete yourself.')
  const removed = deletePerson(administratorOf(visit), person.name)
  return removed.ok ? done(visit, 'admin/people', 'deleted') : refuse(visit, person, removed.reason)
})

const isHerself = ({ session }: Visit, { id }: PersonRecord) => session.person.id === id

function refuse(visit: Visit, person: PersonRecord, problem: string): FastifyReply {
  return sendAdmin(visit, 'people', { ...personPage(visit, person), problem }, 422)
}
