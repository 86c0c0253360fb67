// CTCP VERSION and PING, answered in a person's place while none of her clients is there; they answer for themselves.
// Never in channels, never more than a few: a crowd that asks must not get her killed for flooding.
// https://modern.ircdocs.horse/ctcp
import { formatCtcp, parseCtcp } from './irc/ctcp.ts'
import { type Message, message } from './irc/message.ts'
import { nickOf } from './irc/source.ts'
import manifest from './package.json' with { type: 'json' }
import type { Upstream } from './upstream/upstream.ts'

/** So many at once, then one each so many ms. */
const BURST = 3
const EVERY_MS = 10_000
/** Clients ask with a time of some 20; more is not sent back. */
const MAX_PING = 100
/** Who asked so long ago waits no more, ms: a network may repeat its history. */
const NEWS_MS = 60_000

export class CtcpAnswers {
  #tokens = BURST
  #filledAt = Number.NEGATIVE_INFINITY

  /** Answers what was asked just now, if it is a question to her that is answered. */
  heard(upstream: Upstream, asked: Message, time: number): void {
    const [target = '', text = ''] = asked.params
    const { source = '', command } = asked
    if (command !== 'PRIVMSG' || !upstream.isReady || !upstream.isMe(target)) return
    const answer = answerTo(text)
    const isPerson = source.includes('!') && !upstream.isFromMe(asked)
    const now = upstream.clock.now()
    if (answer === undefined || !isPerson || now - time > NEWS_MS || !this.#takesOne(now)) return
    upstream.send(message('NOTICE', nickOf(source), answer))
  }

  #takesOne(now: number): boolean {
    this.#tokens = Math.min(BURST, this.#tokens + Math.max(0, now - this.#filledAt) / EVERY_MS)
    this.#filledAt = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}

function answerTo(text: string): string | undefined {
  const asked = parseCtcp(text)
  if (asked?.command === 'VERSION') return formatCtcp('VERSION', `Fuchsbau ${manifest.version}`)
  if (asked?.command !== 'PING' || asked.text === '' || asked.text.length > MAX_PING) return
  return formatCtcp('PING', asked.text)
}
