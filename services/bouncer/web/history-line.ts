// Lines of the history as HTML, by days.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { formatDate } from '@fuchsbau/shared/page/layout.ts'
import { isAction, parseCtcp } from '../irc/ctcp.ts'
import { parseSource } from '../irc/source.ts'
import type { Network } from '../network.ts'
import type { StoredMessage } from '../store/records.ts'
import { renderText } from './irc-text.ts'
import { networkPath } from './networks.ts'
import type { Visit } from './visit.ts'

/** Where a line is found on its page. */
const anchorOf = ({ id }: StoredMessage) => `l-${id}`

/** A line's place in the order, as it stands in addresses. */
export const placeOf = ({ time: at, id }: StoredMessage) => `${at}.${id}`

/** Address of a conversation, or of a line in it. */
export function historyPath(
  { web }: Visit,
  network: Network,
  target: string,
  around?: StoredMessage,
): string {
  const path = `${web.site.path(networkPath(network, 'history'))}?target=${encodeURIComponent(target)}`
  return around ? `${path}&around=${placeOf(around)}#${anchorOf(around)}` : path
}

/** Lines under the days on which they were said, in UTC. `href` makes the address of a line. */
export function renderLines(
  lines: readonly StoredMessage[],
  href: (line: StoredMessage) => string,
): Html {
  const days = Map.groupBy(lines, ({ time }) => Math.floor(time / 86_400_000))
  return html`${[...days.values()].map(
    (ofDay) => html`<h2 class="day">${formatDate(ofDay[0]?.time ?? 0)}</h2>
<ol class="lines">
${ofDay.map((line) => renderLine(line, href(line)))}</ol>
`,
  )}`
}

function renderLine(line: StoredMessage, href: string): Html {
  const iso = new Date(line.time).toISOString()
  return html`<li id="${anchorOf(line)}"${line.isOwn && html` class="own"`}><a class="at" href="${href}"><time datetime="${iso}">${iso.slice(11, 16)}</time></a><div class="said">${renderWords(line)}</div></li>
`
}

/** What happened in a line, in one sentence. */
export function renderWords({ kind, source, text, tags }: StoredMessage): Html {
  const { nick } = parseSource(source)
  const who = html`<bdi class="nick">${nick}</bdi>`
  const event = (words: Html) => html`<span class="event">${words}</span>`
  const because = (reason: string) => reason && html` (${renderText(reason)})`
  const [first = '', ...rest] = text.split(' ')
  switch (kind) {
    case 'PRIVMSG':
      return isAction(text)
        ? html`<em>${who} ${renderText(parseCtcp(text)?.text ?? '')}</em>`
        : html`${who}: ${renderText(text)}`
    case 'NOTICE':
      return html`${who} <span class="event">(notice)</span>: ${renderText(text)}`
    case 'TAGMSG':
      return event(html`${who} reacts: ${tags?.['+draft/react'] ?? tags?.['+react'] ?? ''}`)
    case 'JOIN':
      return event(html`${who} joined`)
    case 'PART':
      return event(html`${who} left${because(text)}`)
    case 'QUIT':
      return event(html`${who} quit${because(text)}`)
    case 'NICK':
      return event(html`${who} is now <bdi>${text}</bdi>`)
    case 'KICK':
      return event(html`${who} kicked <bdi>${first}</bdi>${because(rest.join(' '))}`)
    case 'MODE':
      return event(html`${who} sets mode ${text}`)
    case 'TOPIC':
      return event(
        text === ''
          ? html`${who} removed the topic`
          : html`${who} set the topic: ${renderText(text)}`,
      )
    case 'REDACT':
      return event(html`${who} removed a message${because(rest.join(' '))}`)
    case 'GAP':
      return html`<span class="gap">${text}</span>`
  }
}
