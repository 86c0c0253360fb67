// A line of ZNC's log module. What its texts look like: https://github.com/znc/znc/blob/master/modules/log.cpp

import type { MessageKind } from '../store/records.ts'
import { isOneLine } from './names.ts'

export interface ZncLogLine {
  /** The clock on the wall as if it were UTC, ms; without a date in the line: of the day that was given. */
  wall: number
  kind: MessageKind
  /** `nick`, or `nick!user@host` where the log has it. */
  source: string
  /** As `NewMessage` wants it. */
  text: string
}

/** `nothing`: of ZNC itself, such as `Connected to IRC`; `damaged`: not a line that ZNC writes. */
export type ZncLogResult = ZncLogLine | 'nothing' | 'damaged'

const STAMP =
  /^\[?(?:(\d{4})-(\d\d)-(\d\d)[ T])?(\d\d):(\d\d)(?::(\d\d))?(?:[.,](\d{1,3})\d*)?\]? (.*)$/s
/** Any nick or server name is shorter. */
const LONGEST_NAME = 200
const MOST_TEXT = 8_000

type Taken = Omit<ZncLogLine, 'wall'> | undefined
type Take = (...groups: string[]) => Taken

const FORMS: readonly [RegExp, Take][] = [
  [/^<(\S+)> ?(.*)$/s, (nick, text) => taken('PRIVMSG', nick, text)],
  [/^\* (\S+) ?(.*)$/s, (nick, text) => taken('PRIVMSG', nick, `\x01ACTION ${text}\x01`)],
  [/^-(\S+)-(?: (.*))?$/s, (nick, text) => taken('NOTICE', nick, text)],
  [
    /^\*\*\* Joins: (\S+) \(([^\s()]*@[^\s()]*)\)(?: (\S+))?$/,
    (nick, host, account = '') => taken('JOIN', `${nick}!${host}`, account),
  ],
  [
    /^\*\*\* Parts: (\S+) \(([^\s()]*@[^\s()]*)\) \((.*)\)$/s,
    (nick, host, reason) => taken('PART', `${nick}!${host}`, reason),
  ],
  [
    /^\*\*\* Quits: (\S+) \(([^\s()]*@[^\s()]*)\) \((.*)\)$/s,
    (nick, host, reason) => taken('QUIT', `${nick}!${host}`, reason),
  ],
  [/^\*\*\* (\S+) is now known as (\S+)$/, (nick, to) => taken('NICK', nick, to)],
  [
    /^\*\*\* (\S+) was kicked by (\S+) \((.*)\)$/s,
    (nick, by, reason) => taken('KICK', by, `${nick} ${reason}`),
  ],
  [/^\*\*\* (\S+) sets mode: (\S.*)$/s, (nick, modes = '') => taken('MODE', nick, modes.trim())],
  [/^\*\*\* (\S+) changes topic to '(.*)'$/s, (nick, topic) => taken('TOPIC', nick, topic)],
]
const OF_ZNC = /^(?:Connected to IRC|Disconnected from IRC|Broadcast: )/

/** Reads a line. `day` is 0:00 of the file's date as if in UTC; undefined when only the lines have dates. */
export function parseZncLogLine(line: string, day: number | undefined): ZncLogResult {
  const stamp = STAMP.exec(line.replace(/\r+$/, ''))
  if (!stamp) return 'damaged'
  const [, year, month, date, hour, minute, second = '0', fraction = '0', body = ''] = stamp
  const from = year === undefined ? day : Date.UTC(Number(year), Number(month) - 1, Number(date))
  const [hours, minutes, seconds] = [hour, minute, second].map(Number)
  const isTime = Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 61
  if (from === undefined || !isTime) return 'damaged'
  if (OF_ZNC.test(body)) return 'nothing'
  const found = takeBody(body)
  if (!found) return 'damaged'
  const wall =
    from +
    Number(hours) * 3_600_000 +
    Number(minutes) * 60_000 +
    Number(seconds) * 1000 +
    Number(fraction.padEnd(3, '0'))
  return { wall, ...found }
}

function takeBody(body: string): Taken {
  if (!isOneLine(body)) return
  for (const [form, take] of FORMS) {
    const groups = form.exec(body)
    if (groups) return take(...groups.slice(1))
  }
  return
}

function taken(kind: MessageKind, source = '', text = ''): Taken {
  const isLine = source !== '' && source.length <= LONGEST_NAME && text.length <= MOST_TEXT
  return isLine && !source.startsWith(':') ? { kind, source, text } : undefined
}
