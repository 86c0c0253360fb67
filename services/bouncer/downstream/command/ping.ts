// PING of a client is answered by us, behind everything that it was owed when it asked; PONG tells what it has.
import type { Message } from '../../irc/message.ts'
import type { Downstream } from '../downstream.ts'

export function onPing(downstream: Downstream, { params }: Message): void {
  const [token = ''] = params
  const { serverName } = downstream
  downstream.reply('PONG', serverName, token)
}

export function onPong(downstream: Downstream, { params }: Message): void {
  downstream.catchUp.answered(params.at(-1) ?? '')
}
