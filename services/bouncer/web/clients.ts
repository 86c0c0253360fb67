// The clients of a person that are connected just now.
import { html } from '@fuchsbau/shared/html.ts'
import { buttonForm } from '@fuchsbau/shared/page/button.ts'
import { numberOf } from '@fuchsbau/shared/page/form.ts'
import { time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import type { Downstream } from '../downstream/downstream.ts'
import { done, sendError, sendOwn } from './send.ts'
import type { Visit } from './visit.ts'

export function showClients(visit: Visit): FastifyReply {
  const { user, web } = visit
  const clients = [...user.downstreams].sort((a, b) => a.connectedAt - b.connectedAt)
  const row = (
    client: Downstream,
  ) => html`<li><div><strong>${client.clientName || 'without a name'}</strong> <span class="small">${client.network?.record.name ?? 'no network: all at once'}${client.isAway && ', away'}</span>
<p class="small">from ${client.wire.address || 'an unknown address'}${client.wire.isSecure ? '' : ' (without TLS)'}, since ${time(client.connectedAt)}</p></div>
${buttonForm(visit, `clients/${client.id}/disconnect`, 'Disconnect', { about: client.clientName || `client ${client.id}` })}</li>`
  const body = html`<h1>Connected clients</h1>
${clients.length === 0 ? html`<p class="empty">No client is connected. <a href="${web.site.path('connect')}">How to connect one</a>.</p>` : html`<ul class="rows">${clients.map(row)}</ul>`}
<p class="small">A client that is disconnected may come back by itself. To keep it out, revoke its <a href="${web.site.path('passwords')}">app password</a> first.</p>`
  return sendOwn(visit, { title: 'Clients', body, section: 'clients' })
}

export function disconnectClient(visit: Visit): FastifyReply {
  const wanted = numberOf(visit.request.params.id)
  const client = [...visit.user.downstreams].find(({ id }) => id === wanted)
  if (!client) return sendError(visit, 404, 'This client is not connected any more.')
  client.close('disconnected by its owner')
  return done(visit, 'clients', 'away')
}
