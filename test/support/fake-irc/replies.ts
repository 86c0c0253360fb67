// Replies of the fake network that take more than one numeric.
import type { FakeConnection } from './connection.ts'
import {
  channelsOf,
  type FakeChannel,
  type FakeUser,
  prefixes,
  prefixOf,
  sourceOf,
  type World,
} from './world.ts'

const namesPerLine = 12
const tokensPerLine = 13

/** 001 to 005 and the MOTD. */
export function sendWelcome({ settings }: World, connection: FakeConnection): void {
  const { name, isupport, motd } = settings
  connection.numeric('001', `Welcome to ${isupport['NETWORK'] ?? name}`)
  connection.numeric('002', `Your host is ${name}, running version fake-1`)
  connection.numeric('003', 'This server was created today')
  connection.numeric('004', name, 'fake-1', 'iow', 'biklmnostv', 'bklov')
  sendIsupport(connection, isupport)
  sendLusers(connection)
  if (motd.length === 0) {
    connection.numeric('422', 'There is no MOTD')
    return
  }
  connection.numeric('375', `- ${name} Message of the day`)
  for (const line of motd) connection.numeric('372', `- ${line}`)
  connection.numeric('376', 'End of MOTD')
}

/** How large the network is, which it says unasked at registration (RFC 2812, 5.1). */
export function sendLusers(connection: FakeConnection): void {
  connection.numeric('251', 'There are 3 users and 0 services on 1 servers')
  connection.numeric('255', 'I have 3 clients and 0 servers')
  connection.numeric('250', 'Highest connection count: 3')
}

/** 005, as many lines as it takes. */
export function sendIsupport(
  connection: FakeConnection,
  isupport: Readonly<Record<string, string>>,
): void {
  const tokens = Object.entries(isupport).map(([key, value]) => (value ? `${key}=${value}` : key))
  for (let start = 0; start < tokens.length; start += tokensPerLine) {
    const some = tokens.slice(start, start + tokensPerLine)
    connection.numeric('005', ...some, 'are supported by this server')
  }
}

/** 332 and 333. */
export function sendTopic(connection: FakeConnection, channel: FakeChannel): void {
  connection.numeric('332', channel.name, channel.topic)
  connection.numeric('333', channel.name, channel.topicBy, String(channel.topicAt))
}

/** 353 and 366. */
export function sendNames(world: World, connection: FakeConnection, channel: FakeChannel): void {
  const isMulti = connection.caps.has('multi-prefix')
  const isLong = connection.caps.has('userhost-in-names')
  const names = [...channel.members].map(
    ([user, modes]) => `${prefixOf(world, modes, isMulti)}${isLong ? sourceOf(user) : user.nick}`,
  )
  for (let start = 0; start < names.length; start += namesPerLine) {
    const some = names.slice(start, start + namesPerLine)
    connection.numeric('353', '=', channel.name, some.join(' '))
  }
  connection.numeric('366', channel.name, 'End of /NAMES list.')
}

/** 324 and 329. */
export function sendModes(connection: FakeConnection, channel: FakeChannel): void {
  const values = [channel.key, channel.limit].filter((value) => value !== '')
  connection.numeric('324', channel.name, `+${channel.modes}`, ...values)
  connection.numeric('329', channel.name, String(channel.createdAt))
}

/** 352 for each of a channel's members or for one nick, or 354 when fields are asked for (WHOX); then 315. */
export function sendWho(
  world: World,
  connection: FakeConnection,
  { mask, found, fields }: { mask: string; found: [FakeUser, FakeChannel?][]; fields: string },
): void {
  const { name } = world.settings
  const [letters = '', token = ''] = fields.replace(/^[^%]*%/, '').split(',')
  for (const [user, channel] of found) {
    const rank = channel ? prefixOf(world, channel.members.get(user) ?? '', true) : ''
    const flags = `${user.away ? 'G' : 'H'}${rank}`
    const where = channel?.name ?? '*'
    if (!fields.includes('%')) {
      const { user: username, host, nick, realname } = user
      connection.numeric('352', where, username, host, name, nick, flags, `0 ${realname}`)
      continue
    }
    // In this order whatever the order asked for (https://ircv3.net/specs/extensions/whox).
    const values: [string, string][] = [
      ['t', token],
      ['c', where],
      ['u', user.user],
      ['i', '127.0.0.1'],
      ['h', user.host],
      ['s', name],
      ['n', user.nick],
      ['f', flags],
      ['d', '0'],
      ['l', '0'],
      ['a', user.account || '0'],
      ['o', 'n/a'],
      ['r', user.realname],
    ]
    const asked = values.filter(([letter]) => letters.includes(letter)).map(([, value]) => value)
    connection.numeric('354', ...asked)
  }
  connection.numeric('315', mask, 'End of /WHO list.')
}

/** 311 to 318, or 401. */
export function sendWhois(
  world: World,
  connection: FakeConnection,
  asked: string,
  user: FakeUser | undefined,
): void {
  if (user) {
    const { nick, host, realname } = user
    connection.numeric('311', nick, user.user, host, '*', realname)
    const channels = channelsOf(world, user).map(
      ({ name, members }) => `${prefixOf(world, members.get(user) ?? '', true)}${name}`,
    )
    if (channels.length > 0) connection.numeric('319', nick, channels.join(' '))
    connection.numeric('312', nick, world.settings.name, 'A fake network')
    if (user.away) connection.numeric('301', nick, user.away)
    if (user.account) connection.numeric('330', nick, user.account, 'is logged in as')
  } else {
    connection.numeric('401', asked, 'No such nick')
  }
  connection.numeric('318', asked, 'End of /WHOIS list.')
}

/** Whether a member may do what operators may. */
export function isOperator(world: World, channel: FakeChannel, user: FakeUser): boolean {
  const [halfOp = 'h'] = prefixes(world)
    .map(([mode]) => mode)
    .filter((mode) => mode === 'h')
  const modes = channel.members.get(user) ?? ''
  return /[qao]/.test(modes) || modes.includes(halfOp)
}
