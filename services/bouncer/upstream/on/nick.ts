// NICK: somebody is called otherwise from now on; and the refusals of ours (432, 433, 436, 437).
import type { Message } from '../../irc/message.ts'
import { nickOf } from '../../irc/source.ts'
import { passOn } from '../pass-on.ts'
import type { Stored } from '../port.ts'
import { storedTags } from '../stored-tags.ts'
import type { Incoming, Upstream } from '../upstream.ts'
import { onJoinRefused } from './join-refused.ts'

export function onNick(upstream: Upstream, given: Message, { time, requester }: Incoming): void {
  const message = requester ? withOldNick(upstream, given) : given
  const [text = ''] = message.params
  const { source = '' } = message
  const from = nickOf(source)
  if (text === '' || from === '') return
  const isOwn = upstream.isMe(from)
  const tags = storedTags(message.tags)
  const lines: Stored[] = []
  for (const channel of upstream.channels.values()) {
    const member = channel.members.get(from)
    if (!member) continue
    channel.members.delete(from)
    if (upstream.crowd.takes(text, upstream.channels.values())) {
      const renamed = upstream.pool.one(text, member.prefixes, member.userhost)
      channel.members.set(text, renamed)
    }
    lines.push({ kind: 'NICK', target: channel.name, source, text, time, isOwn, ...tags })
  }
  upstream.port.store(message, lines, { time })
  if (isOwn) {
    upstream.nick = text
    upstream.port.changed({ what: 'nick', from })
    upstream.pending.done('NICK')
  }
  upstream.nicks.gone(from)
  requester?.end(false)
}

/**
 * InspIRCd 3 answers a request that has a label with `:new!user@host NICK new`: as it writes the line we are called so
 * already. Neither we nor a client would know by it that it is our own nick that changes.
 */
function withOldNick(upstream: Upstream, message: Message): Message {
  const [text = ''] = message.params
  const from = nickOf(message.source ?? '')
  const isNew = from === text && from !== upstream.nick && upstream.nicks.isAsked(text)
  return isNew ? { ...message, source: upstream.source } : message
}

export function onNickRefused(upstream: Upstream, message: Message, incoming: Incoming): void {
  const [, name = ''] = message.params
  if (!upstream.isRegistered) upstream.registration.nickRefused()
  // 437 is of channels, too.
  else if (upstream.isupport.isChannel(name)) onJoinRefused(upstream, message, incoming)
  else if (!upstream.nicks.refused(name)) passOn(upstream, message, incoming)
}
