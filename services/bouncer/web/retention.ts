// How long lines of a network, or of one conversation, are kept, and how much of them.
import { html } from '@fuchsbau/shared/html.ts'
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import { count, csrfField } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { type RetentionRule, retentionRule, setRetentionRule } from '../history/retention.ts'
import type { User } from '../user.ts'
import { type Problem, renderField } from './fields.ts'
import { historyPath } from './history-line.ts'
import type { Page } from './layout.ts'
import { networkPath } from './networks.ts'
import { done, sendError, sendOwn } from './send.ts'
import type { NetworkVisit } from './visit.ts'

const DAY_MS = 86_400_000
const MAX_DAYS = 36_500
const MAX_MEGABYTES = 1_000_000

export function showRetention(visit: NetworkVisit): FastifyReply {
  const target = queryOf(visit.request, 'target')
  if (!isKnown(visit, target)) return sendError(visit, 404)
  const { days, megabytes } = retentionRule(visit.web.bouncer.store, scopeOf(visit, target)) ?? {}
  const values = { days: days?.toString() ?? '', megabytes: megabytes?.toString() ?? '' }
  return sendOwn(visit, retentionPage(visit, target, values))
}

export function changeRetention(visit: NetworkVisit): FastifyReply {
  const { fields, web } = visit
  const target = fields.get('target') || undefined
  if (!isKnown(visit, target)) return sendError(visit, 404)
  const values = { days: textOf(fields, 'days'), megabytes: textOf(fields, 'megabytes') }
  const rule: RetentionRule = {}
  const limits = [
    ['days', MAX_DAYS],
    ['megabytes', MAX_MEGABYTES],
  ] as const
  for (const [field, most] of limits) {
    if (values[field] === '') continue
    const amount = Number(values[field])
    if (!Number.isInteger(amount) || amount < 1 || amount > most) {
      const reason = `Enter a whole number from 1 to ${most.toLocaleString('en')}, or nothing.`
      const page = retentionPage(visit, target, values, { field, reason })
      return sendOwn(visit, { ...page, problem: reason }, 422)
    }
    rule[field] = amount
  }
  const isRule = Object.keys(rule).length > 0
  setRetentionRule(web.bouncer.store, scopeOf(visit, target), isRule ? rule : undefined)
  const query = target === undefined ? '' : `?target=${encodeURIComponent(target)}`
  return done(visit, `${networkPath(visit.network, 'retention')}${query}`, 'changed')
}

function retentionPage(
  visit: NetworkVisit,
  target: string | undefined,
  values: { days: string; megabytes: string },
  problem?: Problem,
): Page {
  const { network, web, csrf } = visit
  const { name } = network.record
  const days = count(Math.round(web.retentionMs / DAY_MS), 'day')
  const what = target ?? name
  const back = target
    ? historyPath(visit, network, target)
    : web.site.path(networkPath(network, 'edit'))
  const body = html`<p class="small"><a href="${back}">${what}</a></p>
<h1>How long ${what} is kept</h1>
<p class="lead">${target ? `Empty fields: as the rest of ${name}.` : `Empty fields: ${days}, whatever they take. A conversation may have a rule of its own.`} Older lines are deleted within the hour, and do not come back.</p>
<form class="form" method="post" action="${web.site.path(networkPath(network, 'retention'))}">${csrfField({ csrf })}
${target && html`<input type="hidden" name="target" value="${target}">`}
<div class="row">${renderField({ name: 'days', label: 'Days', kind: 'number' }, values.days, problem)}
${renderField({ name: 'megabytes', label: 'Megabytes at most', kind: 'number' }, values.megabytes, problem)}</div>
<button class="primary">Save</button></form>`
  return { title: `How long ${what} is kept`, body, section: target ? 'history' : '' }
}

/** How much of a person's history there is, and may be. */
export function linesInWords({ lines, bouncer }: User): string {
  const most = bouncer.limits.lines
  const kept = count(lines, 'line')
  return most === 0
    ? `${kept} kept.`
    : `${kept} kept; of more than ${most.toLocaleString('en')} the oldest are deleted.`
}

/** Whether there is such a conversation: rules for anything else would be kept for ever, and in any number. */
function isKnown({ network, web }: NetworkVisit, target: string | undefined): boolean {
  if (target === undefined || network.channels.get(target)) return true
  const foldedTarget = network.fold(target)
  const sizes = web.bouncer.store.messages.sizes(network.record.id)
  return sizes.some((size) => size.foldedTarget === foldedTarget)
}

function scopeOf({ network }: NetworkVisit, target: string | undefined) {
  const networkId = network.record.id
  return target === undefined ? { networkId } : { networkId, foldedTarget: network.fold(target) }
}

const textOf = (fields: URLSearchParams, name: string) => (fields.get(name) ?? '').trim()
