// The state of a connection as plain data, for a process that goes on with it: what the network has told and will not tell
// again. Nothing of it is a secret: passwords and keys are in the store, and lines that hold one are not handed on.
import type { Duplex } from 'node:stream'
import { parseMessage } from '../irc/message.ts'
import { nickOf } from '../irc/source.ts'
import { UpstreamChannel } from './channel.ts'
import type { Upstream } from './upstream.ts'

export interface UpstreamState {
  isTls: boolean
  nick: string
  /** What the configuration wanted. */
  wantedNick: string
  userhost: string
  modes: string
  isAway: boolean
  serverName: string
  isupport: string[]
  caps: string[]
  /** What the network offers, with values. */
  offered: [name: string, value: string][]
  account?: string
  saslFailure?: string
  welcome: [command: string, params: string[]][]
  motd: string[]
  channels: ChannelState[]
  rejoining: string[]
  lagMs?: number
  /** The latest time that the network told. */
  newest: number
  /** Labels given so far: an answer may still come. */
  labels: number
  isRegaining: boolean
  /** Lines that wait for the flood control. */
  waiting: string[]
}

export interface ChannelState {
  name: string
  isReady: boolean
  /** By the network's clock. */
  joinedAt: number
  /** Nick, prefixes, `user@host` or ''. */
  members: [nick: string, prefixes: string, userhost: string][]
  modes: [letter: string, param: string | null][]
  topic?: { text: string; by?: string; at?: string }
  createdAt?: string
}

/** A connection of the process before us. */
export interface Continuation {
  socket: Duplex
  state: UpstreamState
}

/** Undefined when it cannot be handed on: something is under way that only this process can end. */
export function takeState(upstream: Upstream): UpstreamState | undefined {
  const { registration, lag } = upstream
  const waiting = upstream.waitingLines().filter((line) => !isQuestion(line))
  const isBusy = registration.isLoggingIn || upstream.backfill.isFilling
  if (!upstream.isReady || isBusy || !waiting.every(isPublic)) return
  const { account, saslFailure } = registration
  const lagMs = lag.lastMs
  return {
    isTls: upstream.isTls,
    nick: upstream.nick,
    wantedNick: upstream.port.record.nick,
    userhost: upstream.userhost,
    modes: upstream.modes,
    isAway: upstream.isAway,
    serverName: upstream.serverName,
    isupport: upstream.isupport.tokens(),
    caps: [...upstream.caps],
    offered: [...registration.available],
    ...(account !== undefined && { account }),
    ...(saslFailure !== undefined && { saslFailure }),
    welcome: [...upstream.welcome].map(([command, params]) => [command, [...params]]),
    motd: upstream.motd,
    channels: [...upstream.channels.values()].map(stateOf),
    rejoining: [...upstream.rejoining.keys()],
    ...(lagMs !== undefined && { lagMs }),
    newest: upstream.time.newest,
    labels: upstream.pending.labels,
    isRegaining: upstream.nicks.isActive,
    waiting,
  }
}

function stateOf(channel: UpstreamChannel): ChannelState {
  const { name, isReady, joinedAt, members, modes, topic, createdAt } = channel
  const state: ChannelState = {
    name,
    isReady,
    joinedAt,
    members: [...members.values()].map((each) => [each.nick, each.prefixes, each.userhost ?? '']),
    modes: [...modes]
      .filter(([letter]) => letter !== 'k')
      .map(([letter, param]) => [letter, param ?? null]),
  }
  if (topic) state.topic = topic
  if (createdAt !== undefined) state.createdAt = createdAt
  return state
}

/** Makes a connection what it was. What waits is `waiting`'s: it is sent when the connection goes on. */
export function putState(upstream: Upstream, state: UpstreamState): void {
  const { registration } = upstream
  upstream.nick = state.nick
  upstream.userhost = state.userhost
  upstream.modes = state.modes
  upstream.isAway = state.isAway
  upstream.serverName = state.serverName
  upstream.isupport.add(state.isupport)
  upstream.refold()
  for (const cap of state.caps) upstream.caps.add(cap)
  for (const [name, value] of state.offered) registration.available.set(name, value)
  registration.account = state.account
  registration.saslFailure = state.saslFailure
  for (const [command, params] of state.welcome) upstream.welcome.set(command, params)
  upstream.motd = state.motd
  for (const channel of state.channels) putChannel(upstream, channel)
  for (const name of state.rejoining) upstream.rejoining.set(name, true)
  upstream.lag.lastMs = state.lagMs
  upstream.time.newest = state.newest
  upstream.pending.labels = state.labels
  upstream.nickServ.goOn()
  upstream.isRegistered = true
  upstream.isReady = true
  upstream.adapt()
}

function putChannel({ channels, isupport, pool }: Upstream, state: ChannelState): void {
  const channel = new UpstreamChannel(state.name, isupport.casemapping, state.joinedAt)
  for (const [name, prefixes, userhost] of state.members) {
    channel.members.set(name, pool.one(name, prefixes, userhost === '' ? undefined : userhost))
  }
  for (const [letter, param] of state.modes) channel.modes.set(letter, param ?? undefined)
  channel.topic = state.topic
  channel.createdAt = state.createdAt
  channel.isReady = state.isReady
  channels.set(state.name, channel)
}

/** What is asked by a client that will be gone, and changes nothing. */
function isQuestion(line: string): boolean {
  const command = parseMessage(line)?.command ?? ''
  return /^(?:WHO|WHOIS|WHOWAS|NAMES|LIST|ISON|USERHOST|CHATHISTORY)$/.test(command)
}

/** What others see anyway. Anything else may hold a password or a key. */
function isPublic(line: string): boolean {
  const { command, params } = parseMessage(line) ?? { command: '', params: [] }
  const [target = ''] = params
  switch (command) {
    case 'PRIVMSG':
    case 'NOTICE':
    case 'TAGMSG':
      return !/serv$|^[a-z]$/i.test(nickOf(target.split('@', 1)[0] ?? ''))
    case 'JOIN':
      return params.length === 1
    case 'MODE':
      return params.length < 3 || !params[1]?.includes('k')
    case 'AWAY':
    case 'KICK':
    case 'MONITOR':
    case 'NICK':
    case 'PART':
    case 'TOPIC':
      return true
    default:
      return false
  }
}
