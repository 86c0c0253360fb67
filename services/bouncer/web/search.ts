// Searching the history: all of hers, one network or one conversation. What is found leads to its place.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { numberOf, queryOf } from '@fuchsbau/shared/page/form.ts'
import { count, time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import type { Network } from '../network.ts'
import type { StoredMessage } from '../store/records.ts'
import { renderField } from './fields.ts'
import { historyPath, renderWords } from './history-line.ts'
import { sendError, sendOwn } from './send.ts'
import { ownNetwork, type Visit } from './visit.ts'

const PAGE = 50

interface Scope {
  network?: Network | undefined
  target?: string | undefined
}

/** The form; `q` is what was searched for. */
export function searchForm(
  { web }: Visit,
  { network, target }: Scope,
  { q = '', from = '' } = {},
): Html {
  const where = target || network?.record.name
  return html`<form class="search" role="search" method="get" action="${web.site.path('search')}">
${network && html`<input type="hidden" name="network" value="${network.record.id}">`}
${target && html`<input type="hidden" name="target" value="${target}">`}
${renderField({ name: 'q', label: where ? `Search in ${where}` : 'Search', kind: 'search' }, q)}
${renderField({ name: 'from', label: 'Said by (nick)' }, from)}
<button>Search</button></form>`
}

export function showSearch(visit: Visit): FastifyReply {
  const { user, request, web } = visit
  const wanted = queryOf(request, 'network')
  const network = ownNetwork(user, wanted)
  if (wanted !== undefined && !network) return sendError(visit, 404)
  const target = network && queryOf(request, 'target')
  const q = (queryOf(request, 'q') ?? '').slice(0, 300)
  const from = (queryOf(request, 'from') ?? '').trim().slice(0, 100)
  const beforeId = numberOf(queryOf(request, 'before'))
  const { messages, next } = web.bouncer.store.search.find({
    userId: user.record.id,
    text: q,
    limit: PAGE,
    ...(network && { networkIds: [network.record.id] }),
    ...(network && target && { foldedTarget: network.fold(target) }),
    ...(from && { from }),
    ...(beforeId > 0 && { beforeId }),
  })
  const found = messages.map((line) => renderFound(visit, line))
  const more = new URLSearchParams({ q, from, before: String(next) })
  if (network) more.set('network', String(network.record.id))
  if (target) more.set('target', target)
  const body = html`<h1>Search</h1>
${searchForm(visit, { network, target }, { q, from })}
${network && html`<p class="small"><a href="${web.site.path('search')}?q=${encodeURIComponent(q)}">Search in all networks</a></p>`}
${found.length > 0 && html`<p class="small" role="status">${count(found.length, 'line')}${next !== undefined && ' on this page'}, newest first.</p>`}
${found}
${found.length === 0 && next === undefined && html`<p class="empty" role="status">${q || from ? 'Nothing was found. All words must be in the line; put "several words" in quotes to find them in that order.' : 'Enter words, a nick, or both.'}</p>`}
${next !== undefined && html`<nav class="paging" aria-label="Pages"><a rel="next" href="${web.site.path('search')}?${more.toString()}">Older</a></nav>`}`
  return sendOwn(visit, { title: q ? `Search: ${q}` : 'Search', body, section: 'history' })
}

/** A line of a network that is hers: the search looks in no others. */
function renderFound(visit: Visit, line: StoredMessage): Html | '' {
  const network = visit.user.networks.get(line.networkId)
  if (!network) return ''
  return html`<article class="found"><p class="small"><a href="${historyPath(visit, network, line.target, line)}">${time(line.time)}</a> in <strong>${line.target}</strong>, ${network.record.name}</p>
<p class="said">${renderWords(line)}</p></article>`
}
