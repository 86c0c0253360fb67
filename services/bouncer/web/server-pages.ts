// For administrators: who tried to log in, and how the bouncer is.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import { count, time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { stateOf } from './networks.ts'
import { sendOwn } from './send.ts'
import type { Visit } from './visit.ts'

const MAX_ATTEMPTS = 200

/** The pages about the whole bouncer. */
export function serverTabs({ web: { site } }: Visit, current: 'users' | 'audit' | 'status'): Html {
  const tab = (path: typeof current, label: string) =>
    html`<li><a href="${site.path(path)}"${path === current && html` aria-current="page"`}>${label}</a></li>`
  return html`<nav class="tabs" aria-label="Server"><ul>${tab('users', 'Users')}${tab('audit', 'Logins')}${tab('status', 'Status')}</ul></nav>`
}

export function showAudit(visit: Visit): FastifyReply {
  const { web, request } = visit
  const account = queryOf(request, 'account')
  const attempts = web.bouncer.store.audit.list(MAX_ATTEMPTS, account)
  const body = html`<h1>Logins</h1>
${serverTabs(visit, 'audit')}
<p class="small">The last ${MAX_ATTEMPTS} attempts${account && html` of ${account} (<a href="${web.site.path('audit')}">of everybody</a>)`}, by IRC and by these pages.</p>
${
  attempts.length === 0
    ? html`<p class="empty">Nobody has tried.</p>`
    : html`<table class="stack"><thead><tr><th scope="col">When</th><th scope="col">Account</th><th scope="col">From</th><th scope="col">How</th><th scope="col">Client</th><th scope="col">Outcome</th></tr></thead>
<tbody>${attempts.map(
        ({ at, account: name, address, method, client, outcome }) =>
          html`<tr><td>${time(at)}</td><td data-label="Account"><a href="${web.site.path('audit')}?account=${encodeURIComponent(name)}">${name.slice(0, 40) || '(none)'}</a></td><td data-label="From">${address}</td><td data-label="How">${method}</td><td data-label="Client">${clientInWords(client)}</td><td data-label="Outcome">${outcome === 'ok' ? 'let in' : html`<strong>${outcome}</strong>`}</td></tr>`,
      )}</tbody></table>`
}`
  return sendOwn(visit, { title: 'Logins', body, section: 'users' })
}

export function showStatus(visit: Visit): FastifyReply {
  const { web } = visit
  const { bouncer } = web
  const { store, users, downstreams, clock, startedAt } = bouncer
  const sizes = store.sizes()
  const fact = (name: string, value: string | Html) =>
    html`<div><dt>${name}</dt><dd>${value}</dd></div>`
  const networks = [...users.values()].flatMap((user) => [...user.networks.values()])
  const body = html`<h1>Status</h1>
${serverTabs(visit, 'status')}
${store.failure && html`<p class="trouble"><strong>Nothing can be stored:</strong> ${store.failure}</p>`}
<section class="panel"><dl class="facts">
${fact('Version', `${web.software.name} ${web.software.version}`)}
${fact('Running for', durationInWords(clock.now() - startedAt))}
${fact('Clients', String(downstreams.size))}
${fact('Lines kept', sizes.messages.toLocaleString('en'))}
${fact('Conversations', sizes.targets.toLocaleString('en'))}
${fact('Database', bytesInWords(sizes.databaseBytes + sizes.logBytes))}
${fact('Uploads', bytesInWords(sizes.uploadBytes))}
</dl></section>
<h2>Networks</h2>
<ul class="rows">${networks.map(
    (network) =>
      html`<li><div><strong>${network.user.record.name}/${network.record.name}</strong> <span class="small">${network.record.host}</span>${network.keeper.state !== 'connected' && network.keeper.lastError && html`<p class="small">${network.keeper.lastError}</p>`}</div>${stateOf(network)}</li>`,
  )}</ul>`
  return sendOwn(visit, { title: 'Status', body, section: 'users' })
}

/** Browsers call themselves many things; one is enough. */
function clientInWords(client: string): string {
  const [, name, version] = /(Firefox|Edg|OPR|Chrome|Version)\/(\d+)/.exec(client) ?? []
  if (!client.startsWith('Mozilla/') || name === undefined) return client.slice(0, 60)
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', Version: 'Safari' }
  return `${names[name] ?? name} ${version}`
}

function durationInWords(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 120) return count(minutes, 'minute')
  return minutes < 2_880
    ? count(Math.floor(minutes / 60), 'hour')
    : count(Math.floor(minutes / 1_440), 'day')
}

function bytesInWords(bytes: number): string {
  const mib = bytes / 1024 ** 2
  return mib < 1024 ? `${mib.toFixed(1)} MiB` : `${(mib / 1024).toFixed(1)} GiB`
}
