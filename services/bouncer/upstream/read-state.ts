// A state as it comes back from the holder: checked field by field, since a later version or a damaged one must not become
// a connection of which nothing is true.
import type { Topic } from './channel.ts'
import type { ChannelState, UpstreamState } from './snapshot.ts'

/** It is no state of ours. */
export class Damaged extends Error {
  override name = 'Damaged'
}

type Fields = Readonly<Record<string, unknown>>
type Read<T> = (value: unknown) => T

export const fields: Read<Fields> = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return damaged('object')
  return value as Fields
}

export const text: Read<string> = (value) => (typeof value === 'string' ? value : damaged('text'))

export const number: Read<number> = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? value : damaged('number')

export const boolean: Read<boolean> = (value) =>
  typeof value === 'boolean' ? value : damaged('boolean')

export function list<T>(read: Read<T>): Read<T[]> {
  return (value) => (Array.isArray(value) ? value.map(read) : damaged('list'))
}

export function pair<A, B>(first: Read<A>, second: Read<B>): Read<[A, B]> {
  return (value) => {
    const [a, b] = Array.isArray(value) && value.length === 2 ? value : damaged('pair')
    return [first(a), second(b)]
  }
}

export function optional<T>(read: Read<T>): Read<T | undefined> {
  return (value) => (value === undefined ? undefined : read(value))
}

function damaged(wanted: string): never {
  throw new Damaged(`${wanted} expected`)
}

/** Throws Damaged. */
export function readUpstreamState(value: unknown): UpstreamState {
  const from = fields(value)
  const account = optional(text)(from['account'])
  const saslFailure = optional(text)(from['saslFailure'])
  const lagMs = optional(number)(from['lagMs'])
  return {
    isTls: boolean(from['isTls']),
    nick: text(from['nick']),
    wantedNick: text(from['wantedNick']),
    userhost: text(from['userhost']),
    modes: text(from['modes']),
    isAway: boolean(from['isAway']),
    serverName: text(from['serverName']),
    isupport: list(text)(from['isupport']),
    caps: list(text)(from['caps']),
    offered: list(pair(text, text))(from['offered']),
    ...(account !== undefined && { account }),
    ...(saslFailure !== undefined && { saslFailure }),
    welcome: list(pair(text, list(text)))(from['welcome']),
    motd: list(text)(from['motd']),
    channels: list(readChannel)(from['channels']),
    rejoining: list(text)(from['rejoining']),
    ...(lagMs !== undefined && { lagMs }),
    newest: number(from['newest']),
    labels: number(from['labels']),
    isRegaining: boolean(from['isRegaining']),
    waiting: list(text)(from['waiting']),
  }
}

function readChannel(value: unknown): ChannelState {
  const from = fields(value)
  const topic = optional(readTopic)(from['topic'])
  const createdAt = optional(text)(from['createdAt'])
  return {
    name: text(from['name']),
    isReady: boolean(from['isReady']),
    joinedAt: number(from['joinedAt']),
    members: list(readMember)(from['members']),
    modes: list(pair(text, (param) => (param === null ? null : text(param))))(from['modes']),
    ...(topic && { topic }),
    ...(createdAt !== undefined && { createdAt }),
  }
}

function readMember(value: unknown): [nick: string, prefixes: string, userhost: string] {
  const [nick, prefixes, userhost] = Array.isArray(value) ? value : damaged('member')
  return [text(nick), text(prefixes), text(userhost)]
}

function readTopic(value: unknown): Topic {
  const from = fields(value)
  const by = optional(text)(from['by'])
  const at = optional(text)(from['at'])
  return {
    text: text(from['text']),
    ...(by !== undefined && { by }),
    ...(at !== undefined && { at }),
  }
}
