// The history of one conversation as a file: text as IRC clients log it, or JSON. Read in pages, so that it takes no memory.

import { casemappingOf, fold } from '../irc/casemapping.ts'
import { isAction, parseCtcp } from '../irc/ctcp.ts'
import { parseSource } from '../irc/source.ts'
import type { NetworkRecord, StoredMessage } from '../store/records.ts'
import type { Store } from '../store/store.ts'

export type ExportFormat = 'text' | 'json'

const PAGE = 500

/**
 * The pieces of the file, oldest line first, times in UTC. Text has a line for each message; JSON is one array. To be
 * called with an owned network; a target that nothing is known of gives an empty file. Whoever has much to export takes
 * the pieces a few at a time: each `next` reads at most 500 lines.
 */
export function* exportHistory(
  store: Store,
  network: NetworkRecord,
  target: string,
  format: ExportFormat,
): Generator<string> {
  const foldedTarget = fold(target, casemappingOf(network.casemapping))
  const query = { networkId: network.id, foldedTarget, limit: PAGE, withEvents: true }
  let isFirst = true
  let after = { time: -1, id: 0 }
  for (;;) {
    const page = store.messages.after(query, after)
    const last = page.at(-1)
    if (!last) break
    after = { time: last.time, id: last.id }
    if (format === 'text') yield page.map((stored) => `${textLine(stored)}\n`).join('')
    else yield `${isFirst ? '[\n' : ',\n'}${page.map(jsonLine).join(',\n')}`
    isFirst = false
  }
  if (format === 'json') yield isFirst ? '[]\n' : '\n]\n'
}

function jsonLine({ time, kind, source, text, msgid, isOwn, tags }: StoredMessage): string {
  const at = new Date(time).toISOString()
  return JSON.stringify({ time: at, kind, source, text, msgid, isOwn, ...(tags && { tags }) })
}

/** `2026-01-01 12:00:00 <nick> text`; events as `*** …`. What would end a line or act on a terminal is left out. */
export function textLine(stored: StoredMessage): string {
  const at = new Date(stored.time).toISOString().slice(0, 19).replace('T', ' ')
  return `${at} ${words(stored).replace(/\p{Cc}/gu, '')}`
}

function words({ kind, source, text, tags }: StoredMessage): string {
  const { nick, user, host } = parseSource(source)
  const who = host === '' ? nick : `${nick} (${user}@${host})`
  const [first = '', ...rest] = text.split(' ')
  const reason = (given: string) => (given === '' ? '' : ` (${given})`)
  switch (kind) {
    case 'PRIVMSG':
      return isAction(text) ? `* ${nick} ${parseCtcp(text)?.text ?? ''}` : `<${nick}> ${text}`
    case 'NOTICE':
      return `-${nick}- ${text}`
    case 'TAGMSG':
      return `*** ${nick} reacts: ${tags?.['+draft/react'] ?? tags?.['+react'] ?? ''}`
    case 'JOIN':
      return `*** ${who} joined`
    case 'PART':
      return `*** ${who} left${reason(text)}`
    case 'QUIT':
      return `*** ${who} quit${reason(text)}`
    case 'NICK':
      return `*** ${nick} is now known as ${text}`
    case 'KICK':
      return `*** ${nick} kicked ${first}${reason(rest.join(' '))}`
    case 'MODE':
      return `*** ${nick} sets mode ${text}`
    case 'TOPIC':
      return text === '' ? `*** ${nick} removed the topic` : `*** ${nick} set the topic: ${text}`
    case 'REDACT':
      return `*** ${nick} removed a message${reason(rest.join(' '))}`
    case 'GAP':
      return `*** ${text}`
  }
}
