// For administrators: all access tokens, of whomever, and their end.
import { html } from '@fuchsbau/shared/html.ts'
import { numberOf, queryOf } from '@fuchsbau/shared/page/form.ts'
import type { FastifyReply } from 'fastify'
import { takeToken } from '../../manage/administer.ts'
import { done, sendError } from '../send.ts'
import type { Visit } from '../visit.ts'
import { administratorOf, moreLink, sendAdmin } from './frame.ts'
import { flatTokenTable } from './token-table.ts'

const PAGE = 50

export function showAllTokens(visit: Visit): FastifyReply {
  const { site, registry } = visit.web
  const text = queryOf(visit.request, 'q') ?? ''
  const isAll = queryOf(visit.request, 'show') === 'all'
  const before = numberOf(queryOf(visit.request, 'before')) || undefined
  const livingAt = isAll ? undefined : registry.clock.now()
  const found = registry.store.accessTokens.search({ text, livingAt, before }, PAGE + 1)
  const tokens = found.slice(0, PAGE)
  const caption = `${isAll ? 'All access tokens' : 'Access tokens that are good now'}, the newest first`
  const none = text
    ? html`<p class="empty">No token and no owner is called so.</p>`
    : html`<p class="empty">There are none. People make theirs under <a href="${site.path('tokens')}">Access tokens</a>; those of robots are made <a href="${site.path('admin/robots')}">here</a>.</p>`
  const body = html`<h1>Tokens</h1>
<p class="lead">What programs log in with. A token that is revoked is no good from that moment, and neither is what was made from it.</p>
<form class="search" role="search" action="${site.path('admin/tokens')}">
<div><label for="q">Token or owner</label><input id="q" name="q" value="${text}" maxlength="100" autocapitalize="none" spellcheck="false"></div>
<div><label for="show">Show</label><select id="show" name="show"><option value="">those that are good now</option><option value="all"${isAll && html` selected`}>also expired and revoked</option></select></div>
<button>Search</button>
</form>
${tokens.length === 0 ? none : flatTokenTable(visit, { tokens, caption, back: 'tokens', isWithOwner: true })}
${
  found.length > PAGE &&
  moreLink(
    visit,
    'admin/tokens',
    { q: text, show: isAll ? 'all' : '', before: String(tokens.at(-1)?.id ?? '') },
    'Older tokens',
  )
}`
  return sendAdmin(visit, 'tokens', { title: 'Tokens', body })
}

export function revokeAnyToken(visit: Visit): FastifyReply {
  const revoked = takeToken(administratorOf(visit), numberOf(visit.request.params.id))
  if (!revoked.ok) return sendError(visit, 404, revoked.reason)
  const back = visit.fields.get('back') ?? ''
  const path = /^(?:people|robots)\/[1-9]\d{0,14}$/.test(back) ? back : 'tokens'
  return done(visit, `admin/${path}`, 'revoked')
}
