// One network: how it is, its channels, and what can be done with them.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { buttonForm, buttonLink } from '@fuchsbau/shared/page/button.ts'
import { count, csrfField } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { generateCertificate, networkFingerprints } from '../manage/certificates.ts'
import { createChannel, removeChannel, updateChannel } from '../manage/channels.ts'
import type { ChannelRecord } from '../store/records.ts'
import { type Field, type Problem, renderField } from './fields.ts'
import { plainText, renderText } from './irc-text.ts'
import type { Page } from './layout.ts'
import { networkButtons, networkFacts, networkPath, stateOf } from './networks.ts'
import { done, sendError, sendOwn } from './send.ts'
import type { NetworkVisit } from './visit.ts'

const MINUTE_MS = 60_000

export function showNetwork(visit: NetworkVisit): FastifyReply {
  return sendOwn(visit, networkPage(visit))
}

export function join(visit: NetworkVisit): FastifyReply {
  const { user, network, fields } = visit
  const name = (fields.get('channel') ?? '').trim()
  const key = (fields.get('key') ?? '').trim()
  const joined = createChannel(user, network, name, { key })
  if (joined.ok) return done(visit, networkPath(network), 'channel')
  const field = joined.field === 'name' ? 'channel' : (joined.field ?? '')
  const page = networkPage(visit, name, { ...joined, field })
  return sendOwn(visit, { ...page, problem: joined.reason }, 422)
}

export function part(visit: NetworkVisit): FastifyReply {
  const parted = removeChannel(visit.user, visit.network, channelName(visit))
  if (!parted.ok) return sendError(visit, 404, parted.reason)
  return done(visit, networkPath(visit.network), 'parted')
}

/** Hides a channel from the clients, or shows it again. */
export function detach(visit: NetworkVisit): FastifyReply {
  const isDetached = visit.fields.get('detached') === 'yes'
  const changed = updateChannel(visit.user, visit.network, channelName(visit), { isDetached })
  if (!changed.ok) return sendError(visit, 404, changed.reason)
  return done(visit, networkPath(visit.network), 'changed')
}

export function showChannel(visit: NetworkVisit): FastifyReply {
  const { name } = visit.request.query as { name?: unknown }
  const channel = visit.network.channels.get(typeof name === 'string' ? name : '')
  return channel ? sendOwn(visit, channelPage(visit, channel)) : sendError(visit, 404)
}

export function changeChannel(visit: NetworkVisit): FastifyReply {
  const { user, network, fields } = visit
  const minutes = Number(fields.get('detachAfterMs') || 0)
  const when = (name: string) => fields.get(name) as ChannelRecord['reattachOn']
  const changed = updateChannel(user, network, channelName(visit), {
    key: (fields.get('key') ?? '').trim(),
    isDetached: fields.has('isDetached'),
    reattachOn: when('reattachOn'),
    relayDetached: when('relayDetached'),
    detachAfterMs: Number.isFinite(minutes) ? minutes * MINUTE_MS : -1,
  })
  if (changed.ok) return done(visit, networkPath(network), 'changed')
  const channel = network.channels.get(channelName(visit))
  if (!channel) return sendError(visit, 404, changed.reason)
  const page = channelPage(visit, channel, changed)
  return sendOwn(visit, { ...page, problem: changed.reason }, 422)
}

/** Makes the certificate that the network is to know her by. */
export async function makeCertificate(visit: NetworkVisit): Promise<FastifyReply> {
  const made = await generateCertificate(visit.user, visit.network)
  if (!made.ok) return sendError(visit, 422, made.reason)
  return done(visit, networkPath(visit.network), 'certificate')
}

function networkPage(visit: NetworkVisit, typed = '', problem?: Problem): Page {
  const { network, web, csrf, user } = visit
  const { record, channels } = network
  const client = `${user.record.name}/${record.name}`
  const known = [...channels.values()].sort((a, b) => a.name.localeCompare(b.name))
  const body = html`<div class="network-head"><h1>${record.name}</h1>${stateOf(network)}</div>
${networkFacts(visit, network)}
${networkButtons(visit, network)}
<p class="small">In clients this network is <code>${client}</code>: <a href="${web.site.path('connect')}">how to connect</a>.</p>
${fingerprints(visit)}
<h2>Channels</h2>
${known.length === 0 ? html`<p class="empty">None yet. Join one here, or in your client.</p>` : html`<ul class="rows">${known.map((channel) => channelRow(visit, channel))}</ul>`}
<form class="panel" method="post" action="${web.site.path(networkPath(network, 'channels'))}">${csrfField({ csrf })}
<h3>Join a channel</h3>
<div class="row">${renderField({ name: 'channel', label: 'Channel', isRequired: true, placeholder: '#fuchsbau' }, typed, problem)}
${renderField({ name: 'key', label: 'Key, if it has one' }, '', problem)}</div>
<button class="primary">Join</button></form>`
  return { title: record.name, body, section: '' }
}

function fingerprints({ user, network }: NetworkVisit): Html | '' {
  if (network.record.certificate === '') return ''
  const known = networkFingerprints(user, network)
  if (!known.ok) return ''
  return html`<details class="panel"><summary>Client certificate</summary>
<p class="small">Tell NickServ once, from a client: <code>/msg NickServ CERT ADD ${known.sha512}</code></p>
<p class="small">This is SHA-512. Networks that ask for others: SHA-256: <code>${known.sha256}</code>; SHA-1: <code>${known.sha1}</code></p>
</details>`
}

function channelRow(visit: NetworkVisit, { name, key, isDetached }: ChannelRecord): Html {
  const { network, web } = visit
  const live = network.upstream?.channels.get(name)
  const topic = live?.topic?.text
  const state = [
    live ? count(live.members.size, 'person', 'people') : 'not joined',
    isDetached && 'detached',
    key && 'with a key',
  ].filter(Boolean)
  const query = encodeURIComponent(name)
  const path = (page: string) => web.site.path(networkPath(network, page))
  return html`<li><div><strong>${name}</strong> <span class="small">${state.join(', ')}</span>
${topic && html`<p class="small" title="${plainText(topic)}">${renderText(topic.slice(0, 200))}</p>`}</div>
<div class="buttons">
${buttonLink(`${path('history')}?target=${query}`, 'History', `of ${name}`)}
${buttonForm(visit, networkPath(network, 'channels/detach'), isDetached ? 'Attach' : 'Detach', { fields: { name, detached: isDetached ? 'no' : 'yes' }, about: name })}
${buttonLink(`${path('channels/edit')}?name=${query}`, 'Rules', `of ${name}`)}
${buttonForm(visit, networkPath(network, 'channels/part'), 'Part', { fields: { name }, about: name })}
</div></li>`
}

function channelPage(visit: NetworkVisit, channel: ChannelRecord, problem?: Problem): Page {
  const { network, web, csrf } = visit
  const { name } = channel
  const values: Record<string, string> = {
    ...channel,
    isDetached: channel.isDetached ? 'yes' : '',
    detachAfterMs: String(Math.round(channel.detachAfterMs / MINUTE_MS)),
  } as never
  const body = html`<p class="small"><a href="${web.site.path(networkPath(network))}">${network.record.name}</a></p>
<h1>Rules of ${name}</h1>
<p class="lead">A detached channel is hidden from your clients: the bouncer stays in it and stores what is said.</p>
<form class="form" method="post" action="${web.site.path(networkPath(network, 'channels/edit'))}">${csrfField({ csrf })}<input type="hidden" name="name" value="${name}">
${CHANNEL.map((field) => renderField(field, values[field.name] ?? '', problem))}
<button class="primary">Save</button></form>`
  return { title: `Rules of ${name}`, body, section: '' }
}

const WHEN = [
  ['none', 'never'],
  ['highlight', 'when somebody names me'],
  ['message', 'at any message'],
] as const

const CHANNEL: readonly Field[] = [
  { name: 'key', label: 'Key' },
  { name: 'isDetached', label: 'Detached', kind: 'check' },
  { name: 'reattachOn', label: 'Attach it again', options: WHEN },
  { name: 'relayDetached', label: 'Tell me in a notice while it is detached', options: WHEN },
  {
    name: 'detachAfterMs',
    label: 'Detach after so many quiet minutes',
    kind: 'number',
    hint: '0: never by itself.',
  },
]

const channelName = ({ fields }: NetworkVisit) => fields.get('name') ?? ''
