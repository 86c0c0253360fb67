// What a client may say, as one table: a command, its handler, how many parameters it needs, and whether it may come before
// the welcome. What is not in the table goes to the network, and its answer to this client alone.
import type { Message } from '../irc/message.ts'
import { takeBatch } from './client-batch.ts'
import { onAway } from './command/away.ts'
import { onBouncer } from './command/bouncer.ts'
import { onCap } from './command/cap.ts'
import { onChathistory } from './command/chathistory.ts'
import { onJoin, onPart } from './command/join.ts'
import { onMarkread } from './command/markread.ts'
import { onMonitor } from './command/monitor.ts'
import { onNick } from './command/nick.ts'
import { toNetwork } from './command/pass.ts'
import { onPing, onPong } from './command/ping.ts'
import { onMode, onNames, onTopic } from './command/query.ts'
import { onQuit } from './command/quit.ts'
import { onRedact } from './command/redact.ts'
import { onAuthenticate, onMetadata, onPass, onUser } from './command/register.ts'
import { onSay } from './command/say.ts'
import { onSearch } from './command/search.ts'
import { onWebpush } from './command/webpush.ts'
import { onDetach, onZnc } from './command/znc.ts'
import type { Downstream } from './downstream.ts'

export interface Command {
  handle(downstream: Downstream, message: Message): void
  minParams: number
  /** Whether it may (or may only) come before the welcome. */
  when: 'any' | 'before' | 'after'
}

const after = (handle: Command['handle'], minParams = 0): Command => ({
  handle,
  minParams,
  when: 'after',
})

export const COMMANDS: Readonly<Record<string, Command>> = {
  AUTHENTICATE: { handle: onAuthenticate, minParams: 1, when: 'any' },
  AWAY: { handle: onAway, minParams: 0, when: 'any' },
  BOUNCER: { handle: onBouncer, minParams: 1, when: 'any' },
  CAP: { handle: onCap, minParams: 1, when: 'any' },
  CHATHISTORY: after(onChathistory),
  DETACH: after(onDetach, 1),
  JOIN: after(onJoin, 1),
  MARKREAD: after(onMarkread),
  METADATA: { handle: onMetadata, minParams: 0, when: 'any' },
  MODE: after(onMode, 1),
  MONITOR: after(onMonitor, 1),
  NAMES: after(onNames),
  NICK: { handle: onNick, minParams: 1, when: 'any' },
  NOTICE: after(onSay, 2),
  PART: after(onPart, 1),
  PASS: { handle: onPass, minParams: 1, when: 'before' },
  PING: { handle: onPing, minParams: 0, when: 'any' },
  PONG: { handle: onPong, minParams: 0, when: 'any' },
  PRIVMSG: after(onSay, 2),
  REDACT: after(onRedact, 2),
  QUIT: { handle: onQuit, minParams: 0, when: 'any' },
  SEARCH: after(onSearch, 1),
  TAGMSG: after(onSay, 1),
  TOPIC: after(onTopic, 1),
  WEBPUSH: after(onWebpush, 2),
  USER: { handle: onUser, minParams: 4, when: 'before' },
  ZNC: after(onZnc),
}

/** Handles one line of a client. Never throws: what goes wrong is logged, and the client told. */
export function run(downstream: Downstream, message: Message): void {
  if (takeBatch(downstream, message)) return
  downstream.labels.collect(message.tags.get('label'), () => {
    try {
      dispatch(downstream, message)
    } catch (error) {
      const command = message.command.slice(0, 50)
      downstream.log.error({ error, command }, 'a request failed')
      downstream.fail(command, 'INTERNAL_ERROR', 'The bouncer could not do this now')
    }
  })
}

function dispatch(downstream: Downstream, message: Message): void {
  const { command, params } = message
  const known = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined
  const { isDone } = downstream.registration
  if (!isDone && (known?.when ?? 'after') === 'after') {
    downstream.numeric('451', 'You have not registered')
  } else if (isDone && known?.when === 'before') {
    downstream.numeric('462', 'You may not reregister')
  } else if (params.length < (known?.minParams ?? 0)) {
    downstream.numeric('461', command.slice(0, 50), 'Not enough parameters')
  } else if (known) known.handle(downstream, message)
  else toNetwork(downstream, message)
}
