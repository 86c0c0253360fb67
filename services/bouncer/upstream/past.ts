// A line of a network's own history as it is stored here: what was said, and with draft/event-playback what happened.
// Nothing of it changes the state. https://ircv3.net/specs/extensions/chathistory
import type { Message } from '../irc/message.ts'
import { storedFrom } from './on/privmsg.ts'
import type { Stored } from './port.ts'
import { storedTags } from './stored-tags.ts'
import type { Upstream } from './upstream.ts'

/** Undefined for what is not kept. `target`: the conversation that the history is of; NICK and QUIT do not name it. */
export function pastLine(
  upstream: Upstream,
  line: Message,
  time: number,
  target: string,
): Stored | undefined {
  const said = storedFrom(upstream, line, time)
  if (said) return said
  const text = eventText(line)
  const { source, tags, command } = line
  const kind = EVENTS.find((each) => each === command)
  if (!kind || text === undefined || source === undefined) return
  if (!upstream.isupport.isChannel(target)) return
  const isOwn = upstream.isFromMe(line)
  return { kind, target, source, text, time, isOwn, ...storedTags(tags) }
}

const EVENTS = ['JOIN', 'PART', 'QUIT', 'NICK', 'KICK', 'MODE', 'TOPIC'] as const

/** As the handlers of the commands store it. */
function eventText({ command, params }: Message): string | undefined {
  const [first = '', second = '', third = ''] = params
  switch (command) {
    case 'JOIN':
      return params.length > 1 ? `${second} ${third}` : ''
    case 'NICK':
    case 'QUIT':
      return first
    case 'PART':
    case 'TOPIC':
      return second
    case 'KICK':
      return `${second} ${third}`
    case 'MODE':
      return params.slice(1).join(' ')
    default:
      return undefined
  }
}
