// What registered clients may say to the fake network: a table from command to handler.
import * as acts from './acts.ts'
import type { FakeConnection, Tags } from './connection.ts'
import {
  isOperator,
  sendLusers,
  sendModes,
  sendNames,
  sendTopic,
  sendWelcome,
  sendWho,
  sendWhois,
} from './replies.ts'
import {
  type FakeChannel,
  type FakeUser,
  fold,
  isChannelName,
  type ReceivedLine,
  sourceOf,
  type World,
} from './world.ts'

type Command = (world: World, connection: FakeConnection, params: string[], tags: Tags) => void

const findChannel = (world: World, name = '') => world.channels.get(fold(world, name))
const findUser = (world: World, nick = '') => world.users.get(fold(world, nick))

/** Handles what a registered client sent; 421 for what is not known. */
export function command(world: World, connection: FakeConnection, line: ReceivedLine): void {
  const handle = commands[line.command]
  const clientTags = Object.entries(line.tags).filter(([key]) => key.startsWith('+'))
  if (handle) handle(world, connection, line.params, Object.fromEntries(clientTags))
  else connection.numeric('421', line.command, 'Unknown command')
}

const commands: Readonly<Record<string, Command>> = {
  JOIN: join,
  PART(world, connection, [names = '', reason]) {
    for (const name of names.split(',')) {
      const channel = ownChannel(world, connection, name)
      if (channel) acts.part(world, connection.user, channel.name, reason)
    }
  },
  TOPIC(world, connection, [name = '', text]) {
    const channel = ownChannel(world, connection, name)
    if (!channel) return
    if (text === undefined && channel.topic === '')
      connection.numeric('331', channel.name, 'No topic is set.')
    else if (text === undefined) sendTopic(connection, channel)
    else if (channel.modes.includes('t') && !isOperator(world, channel, connection.user))
      connection.numeric('482', channel.name, 'You must be a channel operator')
    else acts.topic(world, connection.user, channel.name, text)
  },
  NAMES(world, connection, [name = '']) {
    const channel = findChannel(world, name)
    if (channel) sendNames(world, connection, channel)
    else connection.numeric('366', name, 'End of /NAMES list.')
  },
  LIST(world, connection) {
    connection.numeric('321', 'Channel', 'Users Name')
    for (const { name, members, topic } of world.channels.values()) {
      connection.numeric('322', name, String(members.size), topic)
    }
    connection.numeric('323', 'End of channel list.')
  },
  MODE: mode,
  KICK(world, connection, [name = '', nicks = '', reason]) {
    const channel = ownChannel(world, connection, name)
    if (!channel) return
    if (!isOperator(world, channel, connection.user)) {
      connection.numeric('482', channel.name, 'You must be a channel operator')
      return
    }
    for (const nick of nicks.split(',')) {
      const user = findUser(world, nick)
      if (!user || !channel.members.has(user))
        connection.numeric('441', nick, channel.name, 'They are not on that channel')
      else
        acts.kick(world, connection.user, {
          channel: channel.name,
          user,
          ...(reason && { reason }),
        })
    }
  },
  INVITE(world, connection, [nick = '', name = '']) {
    const user = findUser(world, nick)
    const channel = ownChannel(world, connection, name)
    if (!user) connection.numeric('401', nick, 'No such nick')
    else if (channel) {
      connection.numeric('341', user.nick, channel.name)
      acts.invite(world, connection.user, user, channel.name)
    }
  },
  PRIVMSG: (world, connection, params, tags) => say(world, connection, 'PRIVMSG', params, tags),
  NOTICE: (world, connection, params, tags) => say(world, connection, 'NOTICE', params, tags),
  TAGMSG: (world, connection, params, tags) => say(world, connection, 'TAGMSG', params, tags),
  WHO(world, connection, [mask = '', fields = '']) {
    const channel = findChannel(world, mask)
    const user = findUser(world, mask)
    const found: [FakeUser, FakeChannel?][] = channel
      ? [...channel.members.keys()].map((member) => [member, channel])
      : user
        ? [[user]]
        : []
    sendWho(world, connection, { mask, found, fields })
  },
  WHOIS(world, connection, params) {
    const nick = params.at(-1) ?? ''
    sendWhois(world, connection, nick, findUser(world, nick))
  },
  WHOWAS(_world, connection, [nick = '']) {
    connection.numeric('406', nick, 'There was no such nickname')
    connection.numeric('369', nick, 'End of WHOWAS')
  },
  AWAY(world, connection, [text = '']) {
    acts.away(world, connection.user, text)
    if (text === '') connection.numeric('305', 'You are no longer marked as being away')
    else connection.numeric('306', 'You have been marked as being away')
  },
  SETNAME: (world, connection, [realname = '']) => acts.setname(world, connection.user, realname),
  MONITOR: monitor,
  ISON(world, connection, nicks) {
    const here = nicks.flatMap((list) => list.split(' ')).filter((nick) => findUser(world, nick))
    connection.numeric('303', here.join(' '))
  },
  USERHOST(world, connection, nicks) {
    const found = nicks.map((nick) => findUser(world, nick)).filter((user) => user !== undefined)
    const words = found.map(
      ({ nick, away, user, host }) => `${nick}=${away ? '-' : '+'}${user}@${host}`,
    )
    connection.numeric('302', words.join(' '))
  },
  LUSERS: (_, connection) => sendLusers(connection),
  MOTD: (world, connection) => sendWelcome(world, connection),
}

function join(world: World, connection: FakeConnection, [names = '', keys = '']: string[]): void {
  const { user } = connection
  const given = keys.split(',')
  names.split(',').forEach((name, index) => {
    if (!isChannelName(world, name)) {
      connection.numeric('403', name, 'No such channel')
      return
    }
    const channel = findChannel(world, name)
    const isInvited = channel?.invited.has(user) ?? false
    if (channel?.key && channel.key !== given[index])
      connection.numeric('475', name, 'Cannot join channel (+k)')
    else if (channel?.modes.includes('i') && !isInvited)
      connection.numeric('473', name, 'Cannot join channel (+i)')
    else if (channel?.bans.some((ban) => matches(world, ban, sourceOf(user))))
      connection.numeric('474', name, 'Cannot join channel (+b)')
    else acts.join(world, user, name)
  })
}

function mode(world: World, connection: FakeConnection, params: string[]): void {
  const [target = '', ...change] = params
  const { user } = connection
  if (!isChannelName(world, target)) {
    if (change.length === 0) connection.numeric('221', `+${user.modes}`)
    else connection.tell(`:${user.nick} MODE ${user.nick} :${change.join(' ')}`)
    return
  }
  const channel = findChannel(world, target)
  if (!channel) connection.numeric('403', target, 'No such channel')
  else if (change.length === 0) sendModes(connection, channel)
  else if (/^\+?b$/.test(change[0] ?? '') && change.length === 1) {
    for (const ban of channel.bans) connection.numeric('367', channel.name, ban)
    connection.numeric('368', channel.name, 'End of channel ban list')
  } else if (isOperator(world, channel, user)) acts.mode(world, user, target, change)
  else connection.numeric('482', channel.name, 'You must be a channel operator')
}

function say(
  world: World,
  connection: FakeConnection,
  kind: acts.FakeMessage['command'],
  [targets = '', text]: string[],
  tags: Tags,
): void {
  if (kind !== 'TAGMSG' && !text) {
    if (kind === 'PRIVMSG') connection.numeric('412', 'No text to send')
    return
  }
  for (const target of targets.split(',')) {
    if (fold(world, target) === 'nickserv' && !findUser(world, target)) {
      nickServ(world, connection, text ?? '')
      continue
    }
    const isHeard = acts.message(world, connection.user, { command: kind, target, text }, tags)
    const to = findUser(world, target)
    if (!isHeard && kind === 'PRIVMSG') connection.numeric('401', target, 'No such nick/channel')
    else if (to?.away && kind === 'PRIVMSG') connection.numeric('301', to.nick, to.away)
  }
}

/** IDENTIFY [account] password. */
function nickServ(world: World, connection: FakeConnection, text: string): void {
  const { user } = connection
  const answer = (words: string) =>
    connection.tell(`:NickServ!NickServ@services.fake.test NOTICE ${user.nick} :${words}`)
  const [verb = '', ...words] = text.split(' ')
  const [account = '', password] = words.length > 1 ? words : [user.nick, words[0]]
  if (verb.toUpperCase() !== 'IDENTIFY') answer('Unknown command.')
  else if (password !== undefined && world.settings.accounts[account] === password) {
    connection.numeric('900', sourceOf(user), account, `You are now logged in as ${account}`)
    acts.account(world, user, account)
    answer('You are now identified.')
  } else answer('Invalid password.')
}

/** https://ircv3.net/specs/extensions/monitor */
function monitor(world: World, connection: FakeConnection, [verb = '', list = '']: string[]): void {
  const { monitored } = connection
  const tellState = (nicks: string[]) => {
    const online = nicks.map((nick) => findUser(world, nick)).filter((user) => user !== undefined)
    const offline = nicks.filter((nick) => !findUser(world, nick))
    if (online.length > 0) connection.numeric('730', online.map(sourceOf).join(','))
    if (offline.length > 0) connection.numeric('731', offline.join(','))
  }
  const nicks = list.split(',').filter((nick) => nick !== '')
  switch (verb.toUpperCase()) {
    case '+': {
      const limit = Number(world.settings.isupport['MONITOR'] || Number.POSITIVE_INFINITY)
      const fitting = nicks.slice(0, Math.max(0, limit - monitored.size))
      const refused = nicks.slice(fitting.length)
      for (const nick of fitting) monitored.set(fold(world, nick), nick)
      tellState(fitting)
      if (refused.length > 0)
        connection.numeric('734', String(limit), refused.join(','), 'Monitor list is full.')
      return
    }
    case '-':
      for (const nick of nicks) monitored.delete(fold(world, nick))
      return
    case 'C':
      monitored.clear()
      return
    case 'S':
      tellState([...monitored.values()])
      return
    default:
      if (monitored.size > 0) connection.numeric('732', [...monitored.values()].join(','))
      connection.numeric('733', 'End of MONITOR list')
  }
}

/** A channel that the client is in; else 403 or 442 is told. */
function ownChannel(
  world: World,
  connection: FakeConnection,
  name: string,
): FakeChannel | undefined {
  const channel = findChannel(world, name)
  if (channel?.members.has(connection.user)) return channel
  if (channel) connection.numeric('442', channel.name, 'You are not on that channel!')
  else connection.numeric('403', name, 'No such channel')
  return undefined
}

function matches(world: World, mask: string, source: string): boolean {
  const pattern = fold(world, mask)
    .replace(/[.+^$()|[\]{}\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${pattern}$`).test(fold(world, source))
}
