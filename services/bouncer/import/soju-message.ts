// A message as soju stores it, a raw line with a time of its own, as a line of the history.

import { casemappingOf, fold } from '../irc/casemapping.ts'
import { type Message, parseMessage } from '../irc/message.ts'
import { parseServerTime } from '../irc/server-time.ts'
import { nickOf } from '../irc/source.ts'
import { MESSAGE_KINDS, type MessageKind, type NetworkRecord } from '../store/records.ts'
import type { SojuMessage } from '../store/soju-database.ts'
import { storedTags } from '../upstream/stored-tags.ts'
import type { ImportedLine } from './history.ts'
import { isOneLine, isTargetName } from './names.ts'

const MOST_TEXT = 8_000
const LONGEST_NAME = 200

/** Undefined when it is no line of a kind that the history has. */
export function readSojuMessage(
  { raw, time, target }: SojuMessage,
  { nick, casemapping }: NetworkRecord,
): ImportedLine | undefined {
  const message = typeof raw === 'string' && isOneLine(raw) ? parseMessage(raw) : undefined
  const at = typeof time === 'string' ? parseServerTime(time) : undefined
  const kind = MESSAGE_KINDS.find((each) => each === message?.command)
  if (!message || at === undefined || !kind || !isTargetName(target)) return
  const { source = '' } = message
  const text = textOf(kind, message)
  if (source === '' || source.length > LONGEST_NAME || text.length > MOST_TEXT) return
  const names = (name: string) => fold(name, casemappingOf(casemapping))
  const folded = names(nickOf(source))
  const isChannel = /^[#&+!]/.test(target)
  return {
    target,
    time: at,
    kind,
    source,
    text,
    isOwn: isChannel ? folded === names(nick) : folded !== names(target),
    ...storedTags(message.tags),
  }
}

/** What is behind the target, as `NewMessage` wants it. */
function textOf(kind: MessageKind, { params }: Message): string {
  switch (kind) {
    case 'QUIT':
    case 'NICK':
      return params[0] ?? ''
    case 'PRIVMSG':
    case 'NOTICE':
    case 'PART':
    case 'TOPIC':
      return params[1] ?? ''
    default:
      return params.slice(1).join(' ')
  }
}
