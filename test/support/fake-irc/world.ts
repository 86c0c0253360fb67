// What a fake IRC network is made of: users, with or without a connection, channels, settings. No behaviour but
// how names fold and what a user's prefixes are.
import type { Certificate } from '../ca.ts'
import type { IrcLine } from '../irc-line.ts'
import type { FakeConnection } from './connection.ts'

/** How the network behaves; a test may change any of it at any time. */
export interface FakeIrcSettings {
  /** Its server's name. */
  name: string
  /** Capabilities offered, with values; '' for none. Push changes with `addCap` and `removeCap`. */
  caps: Record<string, string>
  /** Tokens of 005, with values; '' for none. */
  isupport: Record<string, string>
  /** Lines; none gives 422. */
  motd: readonly string[]
  /** Server password; '' for none. */
  password: string
  /** Accounts with their passwords, for SASL PLAIN, SCRAM-SHA-256 and NickServ IDENTIFY. */
  accounts: Record<string, string>
  /** SHA-256 fingerprints of client certificates (hex, lower case, without colons) with their accounts, for EXTERNAL. */
  fingerprints: Record<string, string>
  /** Nicks that get 433 beyond those in use. */
  takenNicks: readonly string[]
  /** Who registers is told 465 with this, ERROR, and closed; '' for nobody. */
  ban: string
  /** Who connects is told ERROR with this and closed at once: a throttle; '' for nobody. */
  refuse: string
  /** More lines than this within 1 s end the connection with Excess Flood; 0 for no limit. */
  maxLinesPerSecond: number
  /** Whether PING is answered. */
  answersPing: boolean
  /** Whether `time` and `msgid` are put on messages, for clients that take them. */
  hasTimes: boolean
  hasMsgids: boolean
}

/** Someone on the network. */
export interface FakeUser {
  nick: string
  user: string
  host: string
  realname: string
  /** '' for none. */
  account: string
  /** The message; '' when here. */
  away: string
  modes: string
  /** The client; undefined for those that the test moves. */
  connection: FakeConnection | undefined
}

/** A channel with its members. */
export interface FakeChannel {
  name: string
  /** Members with their modes that have a prefix, as `ov`. */
  members: Map<FakeUser, string>
  topic: string
  topicBy: string
  /** Seconds since 1970. */
  topicAt: number
  createdAt: number
  /** Simple modes, with parameters in `key` and `limit`. */
  modes: string
  key: string
  limit: string
  bans: string[]
  invited: Set<FakeUser>
}

/** A line that a client sent. */
export interface ReceivedLine extends IrcLine {
  connection: FakeConnection
  bytes: Buffer
}

/** All state of a network. */
export interface World {
  settings: FakeIrcSettings
  /** By folded nick. */
  users: Map<string, FakeUser>
  /** By folded name. */
  channels: Map<string, FakeChannel>
  connections: Set<FakeConnection>
  /** Handlers of the test, by command; true: nothing else is done. */
  handlers: Map<string, Handler>
  /** Counts what needs an id. */
  count: number
}

/** Handles a line that a client sent. True: nothing else is done with it. */
export type Handler = (line: ReceivedLine, connection: FakeConnection) => boolean | undefined

/** Options of a server: settings over the defaults. */
export interface FakeIrcOptions extends Partial<FakeIrcSettings> {
  /** TLS with this certificate; client certificates are asked for and never verified. */
  tls?: Certificate
  /** Free when absent. */
  port?: number
}

/** What a modern network offers, without SASL, which depends on accounts. */
export const modernCaps: Readonly<Record<string, string>> = {
  'account-notify': '',
  'account-tag': '',
  'away-notify': '',
  batch: '',
  'cap-notify': '',
  chghost: '',
  'echo-message': '',
  'extended-join': '',
  'invite-notify': '',
  'labeled-response': '',
  'message-tags': '',
  'multi-prefix': '',
  'server-time': '',
  setname: '',
  'standard-replies': '',
  'userhost-in-names': '',
}

/** Settings by default: a modern network without accounts. */
export function defaultSettings(): FakeIrcSettings {
  return {
    name: 'irc.fake.test',
    caps: { ...modernCaps },
    isupport: {
      NETWORK: 'FakeNet',
      CASEMAPPING: 'rfc1459',
      CHANTYPES: '#',
      CHANMODES: 'b,k,l,imnst',
      PREFIX: '(ohv)@%+',
      NICKLEN: '30',
      CHANNELLEN: '64',
      TOPICLEN: '390',
      MODES: '4',
      MONITOR: '100',
      STATUSMSG: '@%+',
      WHOX: '',
    },
    motd: ['Welcome.'],
    password: '',
    accounts: {},
    fingerprints: {},
    takenNicks: [],
    ban: '',
    refuse: '',
    maxLinesPerSecond: 0,
    answersPing: true,
    hasTimes: true,
    hasMsgids: true,
  }
}

/** A name as the network compares it, by CASEMAPPING. */
export function fold({ settings }: Pick<World, 'settings'>, name: string): string {
  const ascii = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  const mapping = settings.isupport['CASEMAPPING'] ?? 'rfc1459'
  if (mapping === 'ascii') return ascii
  const brackets = ascii.replaceAll('[', '{').replaceAll(']', '}').replaceAll('\\', '|')
  return mapping === 'rfc1459-strict' ? brackets : brackets.replaceAll('~', '^')
}

/** `nick!user@host`. */
export function sourceOf({ nick, user, host }: FakeUser): string {
  return `${nick}!${user}@${host}`
}

/** The modes and characters of PREFIX, highest first: `[['o', '@'], ['v', '+']]`. */
export function prefixes({ settings }: Pick<World, 'settings'>): [string, string][] {
  const [, modes = '', characters = ''] =
    /^\((.*)\)(.*)$/.exec(settings.isupport['PREFIX'] ?? '') ?? []
  return [...modes].map((mode, index) => [mode, characters[index] ?? ''])
}

/** The characters in front of a member's nick; only the highest without multi-prefix. */
export function prefixOf(world: World, modes: string, isMulti: boolean): string {
  const has = prefixes(world).filter(([mode]) => modes.includes(mode))
  return (isMulti ? has : has.slice(0, 1)).map(([, character]) => character).join('')
}

/** Whether a name is a channel's, by CHANTYPES. */
export function isChannelName({ settings }: Pick<World, 'settings'>, name: string): boolean {
  return name !== '' && (settings.isupport['CHANTYPES'] ?? '#').includes(name.charAt(0))
}

/** The channels that a user is in. */
export function channelsOf({ channels }: World, user: FakeUser): FakeChannel[] {
  return [...channels.values()].filter(({ members }) => members.has(user))
}

/** A channel; made when it is not there. */
export function channelNamed(world: World, name: string): FakeChannel {
  const folded = fold(world, name)
  const known = world.channels.get(folded)
  if (known) return known
  const made: FakeChannel = {
    name,
    members: new Map(),
    topic: '',
    topicBy: '',
    topicAt: 0,
    createdAt: Math.floor(Date.now() / 1000),
    modes: 'nt',
    key: '',
    limit: '',
    bans: [],
    invited: new Set(),
  }
  world.channels.set(folded, made)
  return made
}

/** A user; one that the test moves is made when there is none of that nick. */
export function userNamed(world: World, nick: string): FakeUser {
  const folded = fold(world, nick)
  const known = world.users.get(folded)
  if (known) return known
  const made: FakeUser = {
    nick,
    user: nick.toLowerCase(),
    host: `${nick.toLowerCase().replace(/[^a-z0-9]/g, '-')}.fake.test`,
    realname: nick,
    account: '',
    away: '',
    modes: '',
    connection: undefined,
  }
  world.users.set(folded, made)
  return made
}
