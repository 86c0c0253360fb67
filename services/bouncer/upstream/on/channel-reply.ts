// Replies that tell a state: modes (221, 324), creation (329), topic (331–333), away (305, 306), our host (396).
import type { Message } from '../../irc/message.ts'
import { passOn } from '../pass-on.ts'
import type { Incoming, Upstream } from '../upstream.ts'
import { applyModes } from './mode.ts'

export function onChannelReply(upstream: Upstream, message: Message, incoming: Incoming): void {
  const { command, params } = message
  const [, name = '', ...rest] = params
  const channel = upstream.channels.get(name)
  switch (command) {
    case '221':
      upstream.modes = name.replace(/^\+/, '')
      break
    case '305':
    case '306':
      upstream.isAway = command === '306'
      break
    case '324':
      channel?.modes.clear()
      if (channel) applyModes(upstream, channel, rest)
      break
    case '329':
      if (channel) channel.createdAt = rest[0]
      break
    case '331':
      if (channel) channel.topic = undefined
      break
    case '332':
      if (channel) channel.topic = { text: rest[0] ?? '' }
      break
    case '333':
      if (channel?.topic) channel.topic = { ...channel.topic, by: rest[0] ?? '', at: rest[1] ?? '' }
      break
    case '396': {
      const user = upstream.userhost.split('@', 1)[0] ?? ''
      upstream.userhost = name.includes('@') ? name : `${user}@${name}`
      break
    }
    default:
  }
  // What follows our own JOIN is told to the clients when the list of members is whole.
  const isOfJoin = channel !== undefined && !channel.isReady && command !== '324'
  if (!isOfJoin) passOn(upstream, message, incoming)
}
