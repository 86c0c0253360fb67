// What happens on the fake network, whether a client asked for it or the test does it: state changes, and everyone who
// sees it is told in the form that her capabilities ask for.
import type { FakeConnection, Tags } from './connection.ts'
import { sendNames, sendTopic } from './replies.ts'
import { eventTags, tellChannel, tellMonitors, tellNeighbours } from './tell.ts'
import {
  channelNamed,
  channelsOf,
  type FakeChannel,
  type FakeUser,
  fold,
  isChannelName,
  prefixes,
  prefixOf,
  sourceOf,
  type World,
} from './world.ts'

/** Joins; the first one in becomes operator. `modes` gives others theirs without a MODE line. */
export function join(world: World, user: FakeUser, name: string, own?: Tags, modes = ''): void {
  const channel = channelNamed(world, name)
  if (channel.members.has(user)) return
  const isFirst = channel.members.size === 0 && user.connection !== undefined
  channel.members.set(user, modes || (isFirst ? 'o' : ''))
  channel.invited.delete(user)
  const tags = eventTags(world, user, own)
  const line = `:${sourceOf(user)} JOIN ${channel.name}`
  for (const { connection } of channel.members.keys()) {
    const isExtended = connection?.caps.has('extended-join')
    connection?.tell(isExtended ? `${line} ${user.account || '*'} :${user.realname}` : line, tags)
  }
  if (user.away !== '') {
    const audience = { cap: 'away-notify', except: user.connection }
    tellChannel(channel, `:${sourceOf(user)} AWAY :${user.away}`, tags, audience)
  }
  if (!user.connection) return
  if (channel.topic !== '') sendTopic(user.connection, channel)
  if (!user.connection.caps.has('draft/no-implicit-names')) {
    sendNames(world, user.connection, channel)
  }
}

/** Parts. */
export function part(world: World, user: FakeUser, name: string, reason = '', own?: Tags): void {
  const channel = channelNamed(world, name)
  const line = `:${sourceOf(user)} PART ${channel.name}${reason && ` :${reason}`}`
  tellChannel(channel, line, eventTags(world, user, own))
  leave(world, channel, user)
}

/** Leaves the network. The one who leaves is not told. */
export function quit(world: World, user: FakeUser, reason = '', own?: Tags): void {
  const line = `:${sourceOf(user)} QUIT :${reason}`
  const tags = eventTags(world, user, own)
  tellNeighbours(world, user, line, tags, { except: user.connection })
  for (const channel of channelsOf(world, user)) leave(world, channel, user)
  world.users.delete(fold(world, user.nick))
  tellMonitors(world, user, false)
}

/** Changes a nick. */
export function nick(world: World, user: FakeUser, to: string, own?: Tags): void {
  const line = `:${sourceOf(user)} NICK :${to}`
  tellNeighbours(world, user, line, eventTags(world, user, own))
  const from = { ...user }
  world.users.delete(fold(world, user.nick))
  user.nick = to
  world.users.set(fold(world, to), user)
  if (fold(world, from.nick) === fold(world, to)) return
  tellMonitors(world, from, false)
  tellMonitors(world, user, true)
}

/** Sets a topic. */
export function topic(world: World, user: FakeUser, name: string, text: string, own?: Tags): void {
  const channel = channelNamed(world, name)
  channel.topic = text
  channel.topicBy = sourceOf(user)
  channel.topicAt = Math.floor(Date.now() / 1000)
  const line = `:${sourceOf(user)} TOPIC ${channel.name} :${text}`
  tellChannel(channel, line, eventTags(world, user, own))
}

/** Kicks. */
export function kick(
  world: World,
  by: FakeUser,
  { channel: name, user, reason = by.nick }: { channel: string; user: FakeUser; reason?: string },
  own?: Tags,
): void {
  const channel = channelNamed(world, name)
  const line = `:${sourceOf(by)} KICK ${channel.name} ${user.nick} :${reason}`
  tellChannel(channel, line, eventTags(world, by, own))
  leave(world, channel, user)
}

/** Changes a channel's modes: `change` is `+ov-m` and its parameters, as on the wire. All that is asked is done. */
export function mode(
  world: World,
  by: FakeUser,
  name: string,
  change: readonly string[],
  own?: Tags,
): void {
  const channel = channelNamed(world, name)
  const [letters = '', ...parameters] = change
  const [lists = '', keys = '', limits = ''] = (
    world.settings.isupport['CHANMODES'] ?? 'b,k,l,imnst'
  ).split(',')
  const ranks = new Map(prefixes(world))
  let isSet = true
  for (const letter of letters) {
    if (letter === '+' || letter === '-') {
      isSet = letter === '+'
    } else if (ranks.has(letter)) {
      const member = world.users.get(fold(world, parameters.shift() ?? ''))
      if (member && channel.members.has(member)) {
        const others = channel.members.get(member)?.replace(letter, '') ?? ''
        channel.members.set(member, isSet ? others + letter : others)
      }
    } else if (lists.includes(letter)) {
      const mask = parameters.shift() ?? ''
      channel.bans = channel.bans.filter((ban) => ban !== mask)
      if (isSet) channel.bans.push(mask)
    } else {
      if (keys.includes(letter)) channel.key = isSet ? (parameters.shift() ?? '') : ''
      if (limits.includes(letter)) channel.limit = isSet ? (parameters.shift() ?? '') : ''
      const others = channel.modes.replace(letter, '')
      channel.modes = isSet ? others + letter : others
    }
  }
  const line = `:${sourceOf(by)} MODE ${channel.name} ${change.join(' ')}`
  tellChannel(channel, line, eventTags(world, by, own))
}

/** A message with its text; undefined for TAGMSG. */
export interface FakeMessage {
  command: 'PRIVMSG' | 'NOTICE' | 'TAGMSG'
  target: string
  text?: string | undefined
}

/** Says something to a channel, to its members of a rank (STATUSMSG), or to a user. False: there is no such target. */
export function message(
  world: World,
  user: FakeUser,
  { command, target, text }: FakeMessage,
  own?: Tags,
): boolean {
  const line = `:${sourceOf(user)} ${command} ${target}${text === undefined ? '' : ` :${text}`}`
  const tags = eventTags(world, user, own)
  const rank = (world.settings.isupport['STATUSMSG'] ?? '').includes(target.charAt(0))
  const name = rank && isChannelName(world, target.slice(1)) ? target.slice(1) : target
  const hearers: (FakeConnection | undefined)[] = []
  if (isChannelName(world, name)) {
    const channel = world.channels.get(fold(world, name))
    if (!channel) return false
    for (const [member, modes] of channel.members) {
      const isMeant = name === target || prefixOf(world, modes, true).includes(target.charAt(0))
      if (isMeant && member !== user) hearers.push(member.connection)
    }
  } else {
    const to = world.users.get(fold(world, name))
    if (!to) return false
    if (to !== user) hearers.push(to.connection)
    else hearers.push(user.connection)
  }
  if (user.connection?.caps.has('echo-message')) hearers.push(user.connection)
  for (const connection of hearers) {
    if (command !== 'TAGMSG' || connection?.caps.has('message-tags')) connection?.tell(line, tags)
  }
  return true
}

/** Goes away with a message, or comes back with ''. */
export function away(world: World, user: FakeUser, text: string): void {
  user.away = text
  const line = `:${sourceOf(user)} AWAY${text && ` :${text}`}`
  const audience = { cap: 'away-notify', except: user.connection }
  tellNeighbours(world, user, line, eventTags(world, user), audience)
}

/** Logs in to an account, or out with ''. */
export function account(world: World, user: FakeUser, name: string): void {
  user.account = name
  const line = `:${sourceOf(user)} ACCOUNT ${name || '*'}`
  tellNeighbours(world, user, line, eventTags(world, user), { cap: 'account-notify' })
}

/** Changes user name and host. Those without `chghost` are told nothing. */
export function chghost(world: World, user: FakeUser, name: string, host: string): void {
  const line = `:${sourceOf(user)} CHGHOST ${name} ${host}`
  tellNeighbours(world, user, line, eventTags(world, user), { cap: 'chghost' })
  user.user = name
  user.host = host
}

/** Changes the real name. */
export function setname(world: World, user: FakeUser, realname: string): void {
  user.realname = realname
  const line = `:${sourceOf(user)} SETNAME :${realname}`
  tellNeighbours(world, user, line, eventTags(world, user), { cap: 'setname' })
}

/** Invites; members with invite-notify are told too. */
export function invite(world: World, by: FakeUser, user: FakeUser, name: string): void {
  const channel = channelNamed(world, name)
  const tags = eventTags(world, by)
  const line = `:${sourceOf(by)} INVITE ${user.nick} ${channel.name}`
  channel.invited.add(user)
  user.connection?.tell(line, tags)
  tellChannel(channel, line, tags, { cap: 'invite-notify', except: user.connection })
}

function leave(world: World, channel: FakeChannel, user: FakeUser): void {
  channel.members.delete(user)
  if (channel.members.size === 0) world.channels.delete(fold(world, channel.name))
}
