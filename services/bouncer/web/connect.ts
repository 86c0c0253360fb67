// How to connect a client: address, name, fingerprint, and what to type into those that many people have.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { buttonLink } from '@fuchsbau/shared/page/button.ts'
import type { FastifyReply } from 'fastify'
import { sendOwn } from './send.ts'
import type { Connection, Visit } from './visit.ts'

interface Example extends Connection {
  user: string
  network: string
}

export function showConnect(visit: Visit): FastifyReply {
  const { web, user } = visit
  const connection = web.connection()
  const { host, port, fingerprint } = connection
  const network = [...user.networks.values()][0]?.record.name ?? 'libera'
  const name = user.record.name
  const example = { ...connection, user: name, network }
  const fact = (label: string, value: Html) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`
  const body = html`<h1>Connect a client</h1>
<section class="panel"><dl class="facts">
${fact('Address', html`<code>${host}</code>`)}
${fact('Port', html`<code>${port}</code>, with TLS`)}
${fact('User name', html`<code>${name}/${network}@laptop</code>`)}
${fact('Password', html`<a href="${web.site.path('passwords')}">an app password</a>, or your own`)}
</dl>
${fingerprint && html`<p>The certificate is self-signed. Its SHA-256 fingerprint:</p><pre><code>${spaced(fingerprint)}</code></pre>`}
</section>
<ul class="steps">
<li><code>${name}</code> is you, <code>${network}</code> one of your networks, <code>laptop</code> any name for this device: it gets what it missed, and nothing twice.</li>
<li>Without a network (<code>${name}@phone</code>) clients that know <em>soju.im/bouncer-networks</em> show all networks at once: senpai, Goguma, gamja.</li>
<li>Give each device its own app password: when you lose one, revoke that alone. ${buttonLink(web.site.path('passwords'), 'Make one')}</li>
</ul>
<h2>Examples</h2>
${EXAMPLES.map(
  ([client, words, text]) => html`<details class="client"><summary>${client}</summary>
<p>${words}</p>${text && html`<pre><code>${text(example)}</code></pre>`}</details>`,
)}`
  return sendOwn(visit, { title: 'Connect a client', body, section: 'connect' })
}

const EXAMPLES: readonly [client: string, words: string, text: (it: Example) => string][] = [
  [
    'irssi',
    'Type this; replace PASSWORD.',
    ({
      host,
      port,
      user,
      network,
      fingerprint,
    }) => `/network add -sasl_username ${user}/${network}@irssi -sasl_password PASSWORD -sasl_mechanism PLAIN ${network}
/server add -auto -tls ${fingerprint ? `-notls_verify -tls_pinned_cert ${colons(fingerprint)} ` : '-tls_verify '}-network ${network} ${host} ${port}
/save
/connect ${network}`,
  ],
  [
    'WeeChat',
    'Type this; replace PASSWORD. Before version 4 also: /set irc.server_default.capabilities "server-time,echo-message,multi-prefix,away-notify,cap-notify"',
    ({ host, port, user, network, fingerprint }) => `/server add ${network} ${host}/${port} -tls
${fingerprint ? `/set irc.server.${network}.tls_fingerprint ${fingerprint}\n` : ''}/set irc.server.${network}.sasl_mechanism plain
/set irc.server.${network}.sasl_username ${user}/${network}@weechat
/set irc.server.${network}.sasl_password PASSWORD
/connect ${network}
/save`,
  ],
  [
    'senpai',
    'In ~/.config/senpai/senpai.scfg; replace PASSWORD. All your networks show at once.',
    ({
      host,
      port,
      user,
      fingerprint,
    }) => `address ${fingerprint ? 'ircs+insecure' : 'ircs'}://${host}:${port}
nickname ${user}
username ${user}@senpai
password PASSWORD`,
  ],
  [
    'HexChat',
    'Network List → Add, then Edit. Tick “Use SSL for all the servers on this network”.',
    ({ host, port, user, network, fingerprint }) => `Server: ${host}/${port}
Login method: SASL (username + password)
User name: ${user}/${network}@hexchat
Password: PASSWORD${fingerprint ? '\nTick “Accept invalid SSL certificates”: ours is self-signed.' : ''}`,
  ],
  [
    'Goguma (Android, iOS)',
    'At the first start, or under Settings → Network. All your networks show at once, with their history.',
    ({ host, port, user, fingerprint }) => `Server: ${host}:${port}
Nickname: ${user}
Username: ${user}@phone
Password: PASSWORD${fingerprint ? '\nGoguma asks whether it may trust the certificate: compare the fingerprint above.' : ''}`,
  ],
]

const colons = (hex: string) => hex.toUpperCase().replace(/..(?=.)/g, '$&:')
const spaced = (hex: string) => hex.replace(/.{8}(?=.)/g, '$& ')
