// CAP, AUTHENTICATE and the numerics of SASL: the registration's.
import type { Message } from '../../irc/message.ts'
import type { Incoming, Upstream } from '../upstream.ts'

export function onCap(upstream: Upstream, message: Message): void {
  upstream.registration.capability(message)
}

export function onAuthenticate(upstream: Upstream, message: Message): void {
  upstream.registration.authenticate(message)
}

export function onSasl(upstream: Upstream, message: Message, { time }: Incoming): void {
  const { registration, port } = upstream
  const { command, params } = message
  if (command === '900') registration.loggedIn(message)
  else if (command === '903') registration.saslEnded(undefined)
  else if (command !== '908') registration.saslEnded(params.at(-1) ?? 'refused')
  if (upstream.isRegistered) port.relay(message, { time })
}
