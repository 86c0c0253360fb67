// NICK: of the connection before the welcome, of the person on the network after it.
import type { Message } from '../../irc/message.ts'
import type { Downstream } from '../downstream.ts'
import { toNetwork } from './pass.ts'

/** Any network's own limits are stricter. */
const MAX_NICK = 100

export function onNick(downstream: Downstream, message: Message): void {
  const [nick = ''] = message.params
  if (!/^[^\s,*?!@.:$#&+~%][^\s,*?!@]*$/u.test(nick) || nick.length > MAX_NICK) {
    downstream.numeric('432', nick.slice(0, MAX_NICK), 'This is no valid nick')
    return
  }
  const upstream = downstream.network?.upstream
  if (!downstream.registration.isDone) downstream.registration.nick(nick)
  // Servers do not answer that. She wants to keep it.
  else if (upstream?.isReady && upstream.nick === nick) upstream.nicks.asked(nick)
  else if (downstream.network) toNetwork(downstream, message)
  else {
    const { source } = downstream
    downstream.send({ tags: new Map(), source, command: 'NICK', params: [nick] })
    downstream.nick = nick
  }
}
