// PING is answered at once; PONG measures the lag, and clients have their PONG from us.
import type { Message } from '../../irc/message.ts'
import type { Upstream } from '../upstream.ts'

export function onPing(upstream: Upstream, { params }: Message): void {
  upstream.sendNow('PONG', ...params.slice(0, 2))
}

export function onPong(upstream: Upstream, { params }: Message): void {
  upstream.lag.answered(params.at(-1) ?? '')
}
