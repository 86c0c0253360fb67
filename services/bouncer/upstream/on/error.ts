// ERROR: the server says why it closes the connection.
import type { Message } from '../../irc/message.ts'
import type { Upstream } from '../upstream.ts'

export function onError(upstream: Upstream, message: Message): void {
  upstream.noteError(message.params.at(-1) ?? 'the server closed the connection')
}
