// MODE of a channel or of ourselves.
import type { Message } from '../../irc/message.ts'
import { applyUserModes, parseChannelModes, setPrefix } from '../../irc/modes.ts'
import type { UpstreamChannel } from '../channel.ts'
import { storedLine } from '../stored-tags.ts'
import type { Incoming, Upstream } from '../upstream.ts'

/** There are not so many letters, and no key is so long. */
const MAX_MODES = 100
const MAX_PARAM = 500

export function onMode(upstream: Upstream, message: Message, { time, requester }: Incoming): void {
  const [name = '', ...changes] = message.params
  const channel = upstream.channels.get(name)
  if (!channel) {
    if (upstream.isMe(name)) {
      const modes = applyUserModes(upstream.modes, changes[0] ?? '')
      upstream.modes = modes.slice(0, MAX_MODES)
    }
    upstream.port.relay(message, { time })
    return
  }
  applyModes(upstream, channel, changes)
  const line = { kind: 'MODE', target: channel.name, text: changes.join(' '), time } as const
  const stored = storedLine(upstream, message, line)
  upstream.port.store(message, [stored], { time })
  requester?.end(false)
}

/** Applies changes such as `+ov-l nick nick` to a channel. */
export function applyModes(
  { isupport, pool }: Upstream,
  channel: UpstreamChannel,
  changes: readonly string[],
): void {
  for (const { isAdded, mode, param, kind } of parseChannelModes(changes, isupport)) {
    if (kind === 'list') continue
    if (kind === 'prefix') {
      const member = param === undefined ? undefined : channel.members.get(param)
      if (!member) continue
      const prefixes = setPrefix(member.prefixes, mode, isAdded, isupport)
      channel.members.set(member.nick, pool.one(member.nick, prefixes, member.userhost))
    } else if (!isAdded) channel.modes.delete(mode)
    else if (channel.modes.size < MAX_MODES) channel.modes.set(mode, param?.slice(0, MAX_PARAM))
  }
}
