// Channels of a network: those that are joined whenever it is connected, and how each is detached.
import { message } from '../irc/message.ts'
import type { Network } from '../network.ts'
import type { ChannelRecord } from '../store/records.ts'
import type { User } from '../user.ts'
import { isHers, notHers } from './networks.ts'
import { type Outcome, refuse } from './outcome.ts'

/** What a person can set. Absent fields stay as they are, or get their default. */
export type ChannelFields = Partial<Omit<ChannelRecord, 'id' | 'networkId' | 'name'>>

/** Of a network. Servers allow some hundred. */
const MAX_CHANNELS = 500
/** No network allows more. */
const MAX_NAME = 200
const MAX_DETACH_MS = 365 * 86_400_000
const WHEN: readonly string[] = ['message', 'highlight', 'none']

/** A channel to be joined now, or when the network is back, and at each connection from then on. */
export function createChannel(
  user: User,
  network: Network,
  name: string,
  fields: ChannelFields = {},
): Outcome<{ channel: ChannelRecord }> {
  if (!isHers(user, network)) return notHers()
  const problem = nameProblem(network, name) ?? fieldsProblem(fields)
  if (problem) return problem
  if (network.channels.has(name)) return refuse(`${name} is there already.`, 'name')
  if (network.channels.size >= MAX_CHANNELS) {
    return refuse(`There are ${MAX_CHANNELS} channels, which is the most: remove one first.`)
  }
  network.joined(name, fields.key)
  const channel = network.channels.get(name)
  if (!channel) return refuse(`${name} could not be stored.`)
  const stored = { ...channel, ...fields }
  network.putChannel(stored)
  const key = stored.key === '' ? [] : [stored.key]
  if (network.upstream?.isReady) network.upstream.send(message('JOIN', name, ...key))
  return { ok: true, channel: stored }
}

/** Changes the fields that are given. `isDetached` hides it from the clients or shows it again. */
export function updateChannel(
  user: User,
  network: Network,
  name: string,
  fields: ChannelFields,
): Outcome<{ channel: ChannelRecord }> {
  if (!isHers(user, network)) return notHers()
  const known = network.channels.get(name)
  if (!known) return unknownChannel(network, name)
  const problem = fieldsProblem(fields)
  if (problem) return problem
  const { isDetached = known.isDetached, ...options } = fields
  network.putChannel({ ...known, ...options })
  if (isDetached && !known.isDetached) network.detach(known.name)
  if (!isDetached && known.isDetached) network.attach(known.name)
  return { ok: true, channel: network.channels.get(name) ?? known }
}

/** Leaves a channel, and does not join it again. Its history stays. */
export function removeChannel(user: User, network: Network, name: string): Outcome {
  if (!isHers(user, network)) return notHers()
  if (!network.channels.has(name)) return unknownChannel(network, name)
  if (network.upstream?.channels.has(name)) network.upstream.send(message('PART', name))
  network.left(name)
  return { ok: true }
}

function unknownChannel(network: Network, name: string) {
  return refuse(`There is no channel ${name.slice(0, 50)} on ${network.record.name}.`, 'name')
}

function nameProblem(network: Network, name: string) {
  const isGood = network.isChannel(name) && name.length <= MAX_NAME && !/[\s,\p{Cc}]/u.test(name)
  return isGood
    ? undefined
    : refuse(`${name.slice(0, 50)} is no channel's name, such as #fuchsbau.`, 'name')
}

function fieldsProblem({ key, reattachOn, relayDetached, detachAfterMs }: ChannelFields) {
  if (key !== undefined && (/[\s,\p{Cc}]/u.test(key) || key.startsWith(':') || key.length > 100)) {
    return refuse('A key has at most 100 characters, without spaces and commas.', 'key')
  }
  for (const [field, when] of Object.entries({ reattachOn, relayDetached })) {
    if (when !== undefined && !WHEN.includes(when)) {
      return refuse('Say message, highlight or none.', field)
    }
  }
  const isLength =
    detachAfterMs === undefined || (detachAfterMs >= 0 && detachAfterMs <= MAX_DETACH_MS)
  return isLength ? undefined : refuse('Detach after 0 (never) up to a year.', 'detachAfterMs')
}
