// PASS, USER, AUTHENTICATE: the registration's.
import type { Message } from '../../irc/message.ts'
import type { Downstream } from '../downstream.ts'
import { toNetwork } from './pass.ts'

/** irssi puts no colon before a password with spaces. */
export function onPass(downstream: Downstream, { params }: Message): void {
  downstream.registration.password = params.join(' ')
}

export function onUser(downstream: Downstream, { params }: Message): void {
  const [username = '', , , realname = ''] = params
  downstream.registration.user(username, realname)
}

export function onAuthenticate(downstream: Downstream, message: Message): void {
  if (downstream.registration.account) downstream.numeric('907', 'You are logged in already')
  else downstream.registration.sasl.receive(message)
}

/** senpai asks before it knows what is offered, and overlooks no other refusal than this one. */
export function onMetadata(downstream: Downstream, message: Message): void {
  if (downstream.registration.isDone) toNetwork(downstream, message)
  else downstream.numeric('421', message.command, 'Unknown command')
}
