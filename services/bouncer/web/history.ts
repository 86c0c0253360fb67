// The history: conversations, and the lines of one in pages. Order is (time, id), and so are the addresses of pages.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { buttonForm, buttonLink } from '@fuchsbau/shared/page/button.ts'
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import { count, time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import type { Network } from '../network.ts'
import type { Bound, TargetSize } from '../store/ranges.ts'
import type { StoredMessage } from '../store/records.ts'
import { historyPath, placeOf, renderLines } from './history-line.ts'
import type { Page } from './layout.ts'
import { networkPath } from './networks.ts'
import { searchForm } from './search.ts'
import { done, sendError, sendOwn } from './send.ts'
import { type NetworkVisit, ownNetwork, type Visit } from './visit.ts'

const PAGE = 100
/** More conversations are found by searching, or by network. */
const MAX_TARGETS = 300

/** All conversations, or those of one network, with the form to search in them. */
export function showConversations(visit: Visit): FastifyReply {
  const { user, request } = visit
  const wanted = queryOf(request, 'network')
  const one = ownNetwork(user, wanted)
  if (wanted !== undefined && !one) return sendError(visit, 404)
  const networks = one ? [one] : [...user.networks.values()]
  const all = networks
    .flatMap((network) => sizesOf(network).map((size) => ({ network, ...size })))
    .sort((a, b) => b.time - a.time)
  const rows = all.slice(0, MAX_TARGETS).map((row) => conversation(visit, row))
  const title = one ? `History of ${one.record.name}` : 'History'
  const body = html`<h1>${title}</h1>
${searchForm(visit, { network: one })}
${rows.length === 0 ? html`<p class="empty">Nothing has been said yet. As soon as something is, it is kept here.</p>` : html`<ul class="rows">${rows}</ul>`}
${all.length > MAX_TARGETS && html`<p class="small">These are the last ${MAX_TARGETS} of ${count(all.length, 'conversation')}.</p>`}`
  return sendOwn(visit, { title, body, section: 'history' })
}

/** A page of one conversation: the newest lines, or those before, after or around a place. */
export function showHistory(visit: NetworkVisit): FastifyReply {
  const { network, request } = visit
  const target = queryOf(request, 'target') ?? ''
  const size = sizesOf(network).find(({ foldedTarget }) => foldedTarget === network.fold(target))
  if (!size) {
    const detail = `Nothing is kept of ${target.slice(0, 100) || 'no target'} on ${network.record.name}.`
    return sendError(visit, 404, detail)
  }
  return sendOwn(visit, historyPage(visit, size, readPlace(request.query)))
}

/** Asks first. */
export function showForget(visit: NetworkVisit): FastifyReply {
  const { network, request } = visit
  const target = queryOf(request, 'target') ?? ''
  const size = sizesOf(network).find(({ foldedTarget }) => foldedTarget === network.fold(target))
  if (!size) return sendError(visit, 404)
  const body = html`<h1>Delete what was said in ${size.target}?</h1>
<p>${count(size.rows, 'line')} of ${size.target} on ${network.record.name} are deleted here, for all your clients. This cannot be undone. What is said from then on is kept again.</p>
<div class="buttons">${buttonForm(visit, networkPath(network, 'history/delete'), `Delete ${count(size.rows, 'line')}`, { fields: { target: size.target }, className: 'small-button danger' })}
${buttonLink(historyPath(visit, network, size.target), 'Keep them')}</div>`
  return sendOwn(visit, { title: `Delete ${size.target}?`, body, section: 'history' })
}

export function forget(visit: NetworkVisit): FastifyReply {
  const { network, fields, web } = visit
  const foldedTarget = network.fold(fields.get('target') ?? '')
  const networkId = network.record.id
  const isGone = web.bouncer.store.removal.forget({ networkId, foldedTarget })
  return isGone ? done(visit, `history?network=${networkId}`, 'deleted') : sendError(visit, 404)
}

function conversation(
  visit: Visit,
  { network, target, rows, time: at }: TargetSize & { network: Network },
): Html {
  return html`<li><div><a href="${historyPath(visit, network, target)}"><strong>${target || '(server)'}</strong></a> <span class="small">${network.record.name}</span></div><span class="small">${count(rows, 'line')}, last ${time(at)}</span></li>`
}

function historyPage(visit: NetworkVisit, size: TargetSize, place: Place): Page {
  const { network, web } = visit
  const { target, foldedTarget } = size
  const query = {
    networkId: network.record.id,
    foldedTarget,
    limit: PAGE,
    withEvents: !place.isQuiet,
  }
  const { messages } = web.bouncer.store
  const lines = linesAt(messages, query, place)
  const path = historyPath(visit, network, target)
  const quiet = place.isQuiet ? '&quiet=1' : ''
  const [first, last] = [lines[0], lines.at(-1)]
  const isMore = (line: StoredMessage | undefined, where: 'before' | 'after') =>
    line && messages[where]({ ...query, limit: 1 }, line).length > 0
  const older = isMore(first, 'before') && first
  const newer = isMore(last, 'after') && last
  const link = (rel: string, where: string, line: StoredMessage, words: string) =>
    html`<a rel="${rel}" href="${path}${quiet}&amp;${where}=${placeOf(line)}">${words}</a>`
  const pages = (label: string) => html`<nav class="paging" aria-label="${label}">
${older ? link('prev', 'before', older, '← Older') : html`<span class="small">The beginning</span>`}
${newer ? html`<span>${link('next', 'after', newer, 'Newer →')} · <a href="${path}${quiet}">Newest</a></span>` : html`<span class="small">Up to now</span>`}
</nav>`
  const body = html`<p class="small"><a href="${web.site.path('history')}?network=${network.record.id}">${network.record.name}</a></p>
<h1>${target || '(server)'}</h1>
${searchForm(visit, { network, target })}
<div class="buttons">${place.isQuiet ? buttonLink(path, 'With joins and parts') : buttonLink(`${path}&quiet=1`, 'Only what was said')}
${exportLinks(visit, target)}
${buttonLink(`${web.site.path(networkPath(network, 'retention'))}?target=${encodeURIComponent(target)}`, 'Retention')}
${buttonLink(`${web.site.path(networkPath(network, 'history/delete'))}?target=${encodeURIComponent(target)}`, 'Delete', 'this conversation')}</div>
<p class="small">Times are UTC.</p>
${pages('Pages')}
${renderLines(lines, (line) => historyPath(visit, network, target, line))}
${lines.length > 20 && pages('Pages, below')}`
  return { title: `${target || '(server)'} on ${network.record.name}`, body, section: 'history' }
}

function exportLinks({ web, network }: NetworkVisit, target: string): Html {
  const href = (format: string) =>
    `${web.site.path(networkPath(network, 'history/export'))}?target=${encodeURIComponent(target)}&format=${format}`
  return html`${buttonLink(href('text'), 'Export as text')}
${buttonLink(href('json'), 'Export as JSON')}`
}

interface Place {
  before?: Bound | undefined
  after?: Bound | undefined
  around?: Bound | undefined
  /** Without joins and the like. */
  isQuiet: boolean
}

function linesAt(
  messages: Visit['web']['bouncer']['store']['messages'],
  query: Parameters<typeof messages.latest>[0],
  { before, after, around }: Place,
): StoredMessage[] {
  if (before) return messages.before(query, before)
  if (after) return messages.after(query, after)
  return around ? messages.around(query, around) : messages.latest(query)
}

function readPlace(query: unknown): Place {
  const given = query as Record<string, unknown>
  const bound = (name: string): Bound | undefined => {
    const match = /^(\d{1,15})\.(\d{1,15})$/.exec(String(given[name] ?? ''))
    return match ? { time: Number(match[1]), id: Number(match[2]) } : undefined
  }
  return {
    before: bound('before'),
    after: bound('after'),
    around: bound('around'),
    isQuiet: given['quiet'] === '1',
  }
}

/** Of all conversations of a network, as of the last commit. */
function sizesOf({ bouncer, record }: Network): TargetSize[] {
  return bouncer.store.messages.sizes(record.id)
}
