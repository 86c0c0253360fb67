// Shows a client the network as it is now: our nick, our modes, and each channel with topic and members.

import { messageFrom } from '../irc/message.ts'
import { formatChannelModes } from '../irc/modes.ts'
import type { Network } from '../network.ts'
import type { Member, UpstreamChannel } from '../upstream/channel.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { sendMarker } from './command/markread.ts'
import type { Downstream } from './downstream.ts'

/** https://ircv3.net/specs/extensions/no-implicit-names, as a draft and since. */
const NO_NAMES = ['draft/no-implicit-names', 'no-implicit-names']
/** Of one line of names. */
const NAMES_CHARACTERS = 400

export function showNetwork(downstream: Downstream, network: Network): void {
  const { upstream } = network
  if (!upstream?.isReady || !downstream.isAttached) return
  takeNick(downstream, upstream.nick)
  if (upstream.modes) downstream.numeric('221', `+${upstream.modes}`)
  for (const channel of upstream.channels.values()) {
    if (channel.isReady && !network.isDetached(channel.name))
      showChannel(downstream, upstream, channel)
  }
}

/** JOIN, topic and members, as if the client had just joined. */
export function showChannel(
  downstream: Downstream,
  upstream: Upstream,
  channel: UpstreamChannel,
): void {
  const { network } = downstream
  if (!downstream.isAttached || !network) return
  const { name, topic } = channel
  const account = downstream.caps.has('extended-join')
    ? [upstream.registration.account ?? '*', upstream.port.record.realname]
    : []
  downstream.shown.add(network.fold(name))
  downstream.send(messageFrom(upstream.source, 'JOIN', name, ...account))
  if (downstream.caps.has('draft/read-marker')) sendMarker(downstream, network, name)
  if (topic) {
    downstream.numeric('332', name, topic.text)
    if (topic.by) downstream.numeric('333', name, topic.by, topic.at ?? '0')
  }
  if (!NO_NAMES.some((cap) => downstream.caps.has(cap))) sendNames(downstream, channel)
}

/** 353 and 366, in the form that the client asked for. */
export function sendNames(downstream: Downstream, channel: UpstreamChannel): void {
  const { name, members, modes } = channel
  const sign = modes.has('s') ? '@' : modes.has('p') ? '*' : '='
  let line = ''
  const flush = () => {
    if (line !== '') downstream.numeric('353', sign, name, line)
    line = ''
  }
  for (const member of members.values()) {
    const entry = entryOf(downstream, member)
    if (line.length + entry.length > NAMES_CHARACTERS) flush()
    line += line === '' ? entry : ` ${entry}`
  }
  flush()
  downstream.numeric('366', name, 'End of /NAMES list')
}

function entryOf({ caps }: Downstream, { nick, prefixes, userhost }: Member): string {
  const shown = caps.has('multi-prefix') ? prefixes : prefixes.slice(0, 1)
  return caps.has('userhost-in-names') && userhost ? `${shown}${nick}!${userhost}` : shown + nick
}

/** 324, for clients that ask for the modes of a channel. */
export function sendModes(downstream: Downstream, channel: UpstreamChannel): void {
  downstream.numeric('324', channel.name, ...formatChannelModes(channel.modes))
  if (channel.createdAt) downstream.numeric('329', channel.name, channel.createdAt)
}

/** The client calls the person as the network does. */
export function takeNick(downstream: Downstream, nick: string): void {
  if (downstream.nick === nick) return
  // Before 001 its source is what the client believes itself to be.
  const source = `${downstream.nick}!${downstream.username || 'user'}@${downstream.serverName}`
  downstream.send(messageFrom(source, 'NICK', nick))
  downstream.nick = nick
}
