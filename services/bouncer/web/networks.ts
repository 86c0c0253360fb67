// The networks of a person: how each is, and what can be done with it; adding one.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { buttonForm, buttonLink } from '@fuchsbau/shared/page/button.ts'
import { count, csrfField } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import {
  connectNetwork,
  createNetwork,
  disconnectNetwork,
  removeNetwork,
  updateNetwork,
} from '../manage/networks.ts'
import type { Outcome } from '../manage/outcome.ts'
import type { Network } from '../network.ts'
import { WELL_KNOWN_NETWORKS, wellKnownNetwork } from '../service/well-known.ts'
import { type Problem, renderField } from './fields.ts'
import { readNetwork, renderNetworkFields, typedIn, valuesOf } from './network-form.ts'
import { done, sendError, sendOwn } from './send.ts'
import type { NetworkVisit, Visit } from './visit.ts'

/** Path of a page of a network. */
export function networkPath({ record }: Network, page = ''): string {
  return `networks/${record.id}${page && `/${page}`}`
}

export function showNetworks(visit: Visit): FastifyReply {
  return sendOwn(visit, networksPage(visit))
}

/** One of those that everybody knows, in one step. */
export function addWellKnown(visit: Visit): FastifyReply {
  const known = wellKnownNetwork(visit.fields.get('network') ?? '')
  if (!known) return showNewNetwork(visit)
  const { name, host, port } = known
  const nick = (visit.fields.get('nick') ?? '').trim()
  const made = createNetwork(visit.user, { name, host, port, ...(nick && { nick }) })
  if (made.ok) return done(visit, networkPath(made.network), 'added')
  return sendOwn(visit, { ...networksPage(visit, nick, made), problem: made.reason }, 422)
}

export function showNewNetwork(visit: Visit): FastifyReply {
  return sendOwn(visit, newPage(visit, valuesOf({})))
}

export function addNetwork(visit: Visit): FastifyReply {
  const made = createNetwork(visit.user, readNetwork(visit.fields, true))
  if (made.ok) return done(visit, networkPath(made.network), 'added')
  const page = newPage(visit, typedIn(visit.fields), made)
  return sendOwn(visit, { ...page, problem: made.reason }, 422)
}

export function showEdit(visit: NetworkVisit): FastifyReply {
  return sendOwn(visit, editPage(visit, valuesOf(visit.network.record)))
}

export function edit(visit: NetworkVisit): FastifyReply {
  const { user, network, fields } = visit
  const changed = updateNetwork(user, network, readNetwork(fields, false))
  if (changed.ok) {
    return done(visit, networkPath(network), changed.isReconnecting ? 'reconnecting' : 'changed')
  }
  const page = editPage(visit, typedIn(fields), changed)
  return sendOwn(visit, { ...page, problem: changed.reason }, 422)
}

export function connect(visit: NetworkVisit): FastifyReply {
  return outcome(visit, connectNetwork(visit.user, visit.network), 'connecting')
}

export function disconnect(visit: NetworkVisit): FastifyReply {
  return outcome(visit, disconnectNetwork(visit.user, visit.network), 'disconnected')
}

/** Asks first: the history goes with it. */
export function showDelete(visit: NetworkVisit): FastifyReply {
  const { network, web } = visit
  const { name } = network.record
  const body = html`<h1>Delete ${name}?</h1>
<p>The bouncer leaves ${name} for good. Its channels, its settings and <strong>the whole history</strong> of ${name} are deleted. This cannot be undone. To stay away for a while, disconnect instead.</p>
<div class="buttons">${buttonForm(visit, networkPath(network, 'delete'), `Delete ${name} and its history`, { className: 'small-button danger' })}
${buttonLink(web.site.path(networkPath(network)), 'Keep it')}</div>`
  return sendOwn(visit, { title: `Delete ${name}?`, body, section: '' })
}

export function remove(visit: NetworkVisit): FastifyReply {
  const removed = removeNetwork(visit.user, visit.network)
  return removed.ok ? done(visit, '', 'deleted') : sendError(visit, 422, removed.reason)
}

/** Back to the network, or to the list when the button was there. */
function outcome(
  visit: NetworkVisit,
  result: Outcome,
  code: 'connecting' | 'disconnected',
): FastifyReply {
  if (!result.ok) return sendError(visit, 422, result.reason)
  return done(visit, networkPath(visit.network), code)
}

function networksPage(visit: Visit, nick = '', problem?: Problem) {
  const { web, user, csrf } = visit
  const networks = [...user.networks.values()]
  const taken = new Set(networks.map(({ record }) => record.name.toLowerCase()))
  const options = WELL_KNOWN_NETWORKS.filter(({ name }) => !taken.has(name)).map(
    ({ name, title }) => [name, title] as const,
  )
  const body = html`<h1>Networks</h1>
${networks.length === 0 && html`<p class="lead">There are none yet. Choose one below: the bouncer connects at once and stays connected. Then <a href="${web.site.path('connect')}">connect your client</a>.</p>`}
${networks.map((network) => networkCard(visit, network))}
<section class="panel"><h2>Add a network</h2>
<form method="post" action="${web.site.path('networks/well-known')}">${csrfField({ csrf })}
<div class="row">${renderField({ name: 'network', label: 'Network', options }, '')}
${renderField({ name: 'nick', label: 'Nick' }, nick || user.record.nick, problem)}</div>
<button class="primary">Add and connect</button></form>
<p class="small">Not in the list? <a href="${web.site.path('networks/new')}">Add any other network</a>, with all its settings.</p>
</section>`
  return { title: 'Networks', body, section: '' as const }
}

function newPage({ web, csrf }: Visit, values: Record<string, string>, problem?: Problem) {
  const body = html`<h1>Add a network</h1>
<form class="form" method="post" action="${web.site.path('networks')}">${csrfField({ csrf })}
${renderNetworkFields(values, problem)}
<button class="primary">Add and connect</button></form>`
  return { title: 'Add a network', body, section: '' as const }
}

function editPage(visit: NetworkVisit, values: Record<string, string>, problem?: Problem) {
  const { web, network, csrf } = visit
  const { record } = network
  const body = html`<p class="small"><a href="${web.site.path(networkPath(network))}">${record.name}</a></p>
<h1>Settings of ${record.name}</h1>
<form class="form" method="post" action="${web.site.path(networkPath(network, 'edit'))}">${csrfField({ csrf })}
${renderNetworkFields(values, problem, record)}
<button class="primary">Save</button></form>
<h2>History</h2>
<p>${buttonLink(web.site.path(networkPath(network, 'retention')), 'How long it is kept')}</p>
<h2>Client certificate</h2>
<p>${record.certificate ? 'The bouncer shows a certificate to the network.' : 'With a certificate of its own the bouncer logs in without a password (SASL EXTERNAL), where the network knows it.'}</p>
${buttonForm(visit, networkPath(network, 'certificate'), record.certificate ? 'Replace it by a new one' : 'Make one')}`
  return { title: `Settings of ${record.name}`, body, section: '' as const }
}

function networkCard(visit: Visit, network: Network): Html {
  const { record } = network
  const href = visit.web.site.path(networkPath(network))
  return html`<section class="panel" aria-labelledby="network-${record.id}">
<div class="network-head"><h2 id="network-${record.id}"><a href="${href}">${record.name}</a></h2>${stateOf(network)}</div>
${networkFacts(visit, network)}
${networkButtons(visit, network)}
</section>`
}

/** In a word, not by colour alone. */
export function stateOf({ keeper }: Network): Html {
  const [className, words] = {
    connected: ['on', 'Connected'],
    connecting: ['wait', 'Connecting'],
    waiting: ['wait', 'Waiting to connect'],
    disabled: ['off', 'Disconnected'],
  }[keeper.state]
  return html`<span class="state ${className}">${words}</span>`
}

export function networkFacts({ web }: Visit, network: Network): Html {
  const { keeper, record, upstream, channels, downstreams } = network
  const { lastError, nextAt, state } = keeper
  const lag = upstream?.lag.ms
  const fact = (name: string, value: Html | string | number) =>
    html`<div><dt>${name}</dt><dd>${value}</dd></div>`
  const isIn = (name: string) => upstream?.channels.has(name) === true
  const joined = [...channels.values()].filter(({ name }) => isIn(name)).length
  return html`<dl class="facts">
${fact('Server', `${record.host}:${record.port}${record.transport === 'tls' ? '' : ' (no TLS)'}`)}
${fact('Nick', upstream?.nick ?? record.nick)}
${lag !== undefined && fact('Lag', lag < 1000 ? `${lag} ms` : `${(lag / 1000).toFixed(1)} s`)}
${fact('Channels', state === 'connected' && joined < channels.size ? `${joined} of ${channels.size}` : channels.size)}
${fact('Clients', downstreams.size)}
</dl>
${lastError && state !== 'connected' && html`<p class="trouble"><strong>Last error:</strong> ${lastError}${nextAt !== undefined && nextAt > web.bouncer.clock.now() && html`<br><span class="small">Next attempt ${inSeconds(nextAt - web.bouncer.clock.now())}.</span>`}</p>`}`
}

export function networkButtons(visit: Visit, network: Network): Html {
  const { name, isEnabled } = network.record
  const path = (page: string) => networkPath(network, page)
  const href = (page: string) => visit.web.site.path(path(page))
  return html`<div class="buttons">
${isEnabled ? buttonForm(visit, path('connect'), 'Reconnect', { about: name }) : buttonForm(visit, path('connect'), 'Connect', { about: name })}
${isEnabled && buttonForm(visit, path('disconnect'), 'Disconnect', { about: name })}
${buttonLink(`${visit.web.site.path('history')}?network=${network.record.id}`, 'History', `of ${name}`)}
${buttonLink(href('edit'), 'Edit', name)}
${buttonLink(href('delete'), 'Delete', name)}
</div>`
}

function inSeconds(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return seconds < 90
    ? `in ${count(seconds, 'second')}`
    : `in ${count(Math.round(seconds / 60), 'minute')}`
}
