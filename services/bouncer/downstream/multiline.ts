// A text of several lines: as one batch to clients that can read it, line by line to the others.
// https://ircv3.net/specs/extensions/multiline
import { type Message, messageFrom, withTags } from '../irc/message.ts'
import type { Multiline, Requester } from '../upstream/port.ts'
import type { Downstream } from './downstream.ts'
import { Line } from './line.ts'

/** A stored line of the text. */
export interface TextLine {
  id: number
  msgid: string
  text: string
  isConcat: boolean
}

/** Relays the text to one client. `requester`: whose text it is the echo of. */
export function relayText(
  downstream: Downstream,
  { command, source, target, tags }: Multiline,
  lines: readonly TextLine[],
  { time, requester }: { time: number; requester: Requester | undefined },
): void {
  const [first] = lines
  const isReader = downstream.caps.has('draft/multiline') && downstream.isAttached
  const isBatch = isReader && downstream.canHear(command, source, target, requester)
  if (!first || !isBatch || downstream.catchUp.isRunning || lines.length === 1) {
    for (const [index, { text, id, msgid }] of lines.entries()) {
      // Blank lines are for those who know that they belong together.
      if (text === '') continue
      const said = messageFrom(source, command, target, text)
      const message = index === 0 ? withTags(said, tags) : said
      downstream.relay(new Line(message, { time, id, msgid }), requester)
    }
    return
  }
  const reference = downstream.labels.nextReference()
  const begin = messageFrom(source, 'BATCH', `+${reference}`, 'draft/multiline', target)
  const { id, msgid } = first
  downstream.relay(new Line(withTags(begin, tags), { time, id, msgid }), requester)
  for (const { text, isConcat } of lines) {
    const part: Message = messageFrom(source, command, target, text)
    const concat: [string, string][] = isConcat ? [['draft/multiline-concat', '']] : []
    downstream.send(withTags(part, new Map([['batch', reference], ...concat])))
  }
  downstream.reply('BATCH', `-${reference}`)
  downstream.catchUp.sent(lines.at(-1)?.id ?? 0)
}
