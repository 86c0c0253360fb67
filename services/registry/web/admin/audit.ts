// For administrators: the audit, searched page by page, and as a file.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { sendDownload } from '@fuchsbau/shared/page/download.ts'
import { numberOf, queryOf } from '@fuchsbau/shared/page/form.ts'
import { formatDate } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { exportAudit, FORMATS } from '../../audit/export.ts'
import { type AuditWords, FILTERS, parseAuditQuery } from '../../audit/query.ts'
import { EVENTS, lineInWords, reasonInWords, wayInWords } from '../../audit/words.ts'
import type { AuditRecord } from '../../store/records.ts'
import { addressOf } from '../paging.ts'
import { sendError } from '../send.ts'
import type { Visit } from '../visit.ts'
import { moreLink, sendAdmin, table } from './frame.ts'

const PAGE = 100

export function showAudit(visit: Visit): FastifyReply {
  const { registry } = visit.web
  const words = wordsOf(visit)
  const filter = parseAuditQuery(registry.store, words)
  const before = numberOf(queryOf(visit.request, 'before')) || undefined
  const found = filter.ok ? registry.store.audit.find({ ...filter.value, before }, PAGE + 1) : []
  const lines = found.slice(0, PAGE)
  const last = lines.at(-1)
  const body = html`<h1>Audit</h1>
${filterForm(visit, words)}
${lines.length === 0 ? nothing(visit, words) : lineTable(lines, before === undefined)}
${
  found.length > PAGE &&
  last &&
  moreLink(visit, 'admin/audit', { ...words, before: String(last.id) }, 'Older lines')
}
${lines.length > 0 && exportLinks(visit, words)}`
  const page = { title: 'Audit', body }
  return filter.ok
    ? sendAdmin(visit, 'audit', page)
    : sendAdmin(visit, 'audit', { ...page, problem: filter.reason }, 422)
}

function wordsOf({ request }: Visit): AuditWords {
  return Object.fromEntries(FILTERS.map((name) => [name, queryOf(request, name)]))
}

/** A day, as the command line takes it, is no time that a field for times shows. */
const timeOf = (text = '') => (/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text)

function filterForm({ web: { site } }: Visit, words: AuditWords): Html {
  const { who = '', event = '', repository = '', outcome = '', address = '' } = words
  const field = (name: string, label: string, value: string, placeholder: string) =>
    html`<div><label for="${name}">${label}</label><input id="${name}" name="${name}" value="${value}" maxlength="300" placeholder="${placeholder}" autocapitalize="none" spellcheck="false"></div>`
  const option = (value: string, label: string, chosen: string) =>
    html`<option value="${value}"${value === chosen && html` selected`}>${label}</option>`
  const moment = (name: 'from' | 'to', label: string) =>
    html`<div class="wide"><label for="${name}">${label}</label><input type="datetime-local" id="${name}" name="${name}" value="${timeOf(words[name])}"></div>`
  const events = event === '' || EVENTS.includes(event) ? EVENTS : [event, ...EVENTS]
  return html`<form class="panel" role="search" action="${site.path('admin/audit')}">
<div class="filters">
${field('who', 'Who', who, 'ann, robot:ci, anonymous')}
<div><label for="event">What</label><select id="event" name="event">${option('', 'anything', event)}${events.map((each) => option(each, each, event))}</select></div>
${field('repository', 'Repository', repository, 'team/app')}
<div><label for="outcome">Outcome</label><select id="outcome" name="outcome">${option('', 'any', outcome)}${option('ok', 'went well', outcome)}${option('refused', 'refused', outcome)}</select></div>
${field('address', 'Address', address, '192.0.2.7')}
${moment('from', 'Since (UTC)')}
${moment('to', 'Before (UTC)')}
</div>
<div class="buttons"><button class="primary">Show</button><a class="small-button" href="${site.path('admin/audit')}">All lines</a></div>
</form>`
}

function nothing({ web: { site } }: Visit, words: AuditWords): Html {
  return Object.values(words).some(Boolean)
    ? html`<p class="empty">No line is like that. Leave out a filter, or show <a href="${site.path('admin/audit')}">all lines</a>.</p>`
    : html`<p class="empty">There are no lines yet. Logins, pushes, pulls and denials will stand here.</p>`
}

function lineTable(lines: readonly AuditRecord[], isNewest: boolean): Html {
  return table({
    caption: isNewest ? 'The newest lines first' : 'Older lines, the newest of them first',
    heads: ['When (UTC)', 'What happened'],
    rows: lines.map(lineRow),
  })
}

function lineRow(line: AuditRecord): Html {
  const { at, outcome, digest } = line
  const iso = new Date(at).toISOString()
  const small = (text: string) => text && html`<br><span class="small">${text}</span>`
  return html`<tr><td class="when"><time datetime="${iso}">${formatDate(at)}<br><span class="small">${iso.slice(11, 19)}</span></time></td><td${
    outcome !== 'ok' && html` class="refused"`
  }>${lineInWords(line)}${small(reasonInWords(line))}${small(wayInWords(line))}${digest && html`<br><span class="small"><code>${digest}</code></span>`}</td></tr>`
}

function exportLinks({ web: { site } }: Visit, words: AuditWords): Html {
  const link = (format: string, label: string) =>
    html`<a class="small-button" href="${addressOf(site.path('admin/audit/export'), { ...words, format })}">${label}</a>`
  return html`<h2>Export</h2>
<p class="small">All lines that these filters find, the newest first. The command line has the same: <code>fuchsbau registry audit export</code>.</p>
<div class="buttons">${link('json', 'JSON lines')}${link('csv', 'CSV')}</div>`
}

const TYPES = {
  json: 'application/jsonl; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
}

export function downloadAudit(visit: Visit): FastifyReply {
  const { registry } = visit.web
  const format = FORMATS.find((known) => known === queryOf(visit.request, 'format'))
  const filter = parseAuditQuery(registry.store, wordsOf(visit))
  if (!format) return sendError(visit, 422, `The format is one of ${FORMATS.join(', ')}.`)
  if (!filter.ok) return sendError(visit, 422, filter.reason)
  const day = new Date(registry.clock.now()).toISOString().slice(0, 10)
  const fileName = `audit-${day}.${format === 'json' ? 'jsonl' : 'csv'}`
  const pages = exportAudit(registry.store, filter.value, format)
  const pieces = joined(pages, format === 'csv' ? '\r\n' : '\n')
  return sendDownload(visit.reply, { fileName, type: TYPES[format] }, pieces)
}

function* joined(pages: Iterable<string[]>, end: string): Generator<string> {
  for (const page of pages) yield page.map((line) => line + end).join('')
}
