// 001 to 005 and the message of the day: kept, so that a client that comes later gets them.
import type { Message } from '../../irc/message.ts'
import { passOn } from '../pass-on.ts'
import type { Incoming, Upstream } from '../upstream.ts'

/** A message of the day is kept up to so many lines. */
const MAX_MOTD = 500
const MAX_MOTD_CHARACTERS = 1_000

export function onWelcome(upstream: Upstream, message: Message): void {
  const { command, params, source } = message
  const [nick = '', ...rest] = params
  if (command === '005') {
    const before = upstream.isupport.casemapping
    upstream.isupport.add(rest.slice(0, -1))
    if (upstream.isupport.casemapping !== before) upstream.refold()
    upstream.adapt()
    // Clients are told in our words, among which the network's own would undo ours; VERSION repeats all of them.
    upstream.port.changed({ what: 'isupport' })
    return
  }
  upstream.welcome.set(command, rest)
  if (command === '004') upstream.adapt()
  if (command !== '001') return
  upstream.serverName = source ?? ''
  upstream.nick = nick
  upstream.isRegistered = true
  upstream.registration.done()
  upstream.lag.begin()
}

/** The end of it (376), or its lack (422), is the end of what the network says at registration. */
export function onMotd(upstream: Upstream, message: Message, incoming: Incoming): void {
  const { command, params } = message
  if (command === '375') upstream.motd = []
  if (command === '372' && upstream.motd.length < MAX_MOTD)
    upstream.motd.push((params[1] ?? '').slice(0, MAX_MOTD_CHARACTERS))
  if (!upstream.isReady && (command === '376' || command === '422')) {
    upstream.isReady = true
    upstream.port.changed({ what: 'registered' })
    return
  }
  if (upstream.isReady) passOn(upstream, message, incoming)
}
