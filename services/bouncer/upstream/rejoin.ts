// What is said when a network is back: its owner's commands, and JOIN with as many channels to a line as it takes.
import type { Isupport } from '../irc/isupport.ts'
import { type Message, message, parseMessage } from '../irc/message.ts'
import type { ChannelRecord } from '../store/records.ts'

/** Of one JOIN line. */
const JOIN_CHARACTERS = 400
/** InspIRCd takes 20 (MAXTARGETS), and drops the rest. */
const JOIN_CHANNELS = 10

/** Lines that join the channels, those with keys first, since keys are given by position. */
export function joinLines(
  channels: Iterable<Pick<ChannelRecord, 'name' | 'key'>>,
  isupport: Isupport,
): Message[] {
  const all = [...channels].sort((a, b) => Number(b.key !== '') - Number(a.key !== ''))
  const hasLimit = /(?:^|,)JOIN:/i.test(isupport.get('TARGMAX') ?? '')
  const most = hasLimit ? Math.min(JOIN_CHANNELS, isupport.targmax('JOIN')) : JOIN_CHANNELS
  const lines: Message[] = []
  let names: string[] = []
  let keys: string[] = []
  let characters = 0
  const flush = () => {
    if (names.length === 0) return
    lines.push(message('JOIN', names.join(','), ...(keys.length > 0 ? [keys.join(',')] : [])))
    names = []
    keys = []
    characters = 0
  }
  for (const { name, key } of all) {
    const more = name.length + key.length + 2
    if (characters + more > JOIN_CHARACTERS || names.length >= most) flush()
    names.push(name)
    if (key) keys.push(key)
    characters += more
  }
  flush()
  return lines
}

/** A command on connect as a line: `$nick` is our nick; a leading slash, and `/msg`, as people are used to type them. */
export function connectCommand(command: string, nick: string): Message | undefined {
  const text = command
    .trim()
    .replaceAll('$nick', nick)
    .replace(/^\/(?:msg|query)\s+(\S+)\s+/i, 'PRIVMSG $1 :')
    .replace(/^\/(?:quote|raw)\s+/i, '')
    .replace(/^\//, '')
  return parseMessage(text)
}
