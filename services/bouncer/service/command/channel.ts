// `channel …`: the channels of a network, and how each is detached.
import {
  type ChannelFields,
  createChannel,
  removeChannel,
  updateChannel,
} from '../../manage/channels.ts'
import { type Outcome, refuse } from '../../manage/outcome.ts'
import type { Network } from '../../network.ts'
import type { ChannelRecord } from '../../store/records.ts'
import {
  type Answer,
  type Command,
  MISUSED,
  networkOf,
  type PersonalAsking,
  personal,
} from '../command.ts'
import { counted, type Flags, formatDuration, readDuration, readFlags } from '../words.ts'

const FLAGS = {
  network: 'text',
  key: 'text',
  detached: 'flag',
  'relay-detached': 'text',
  'reattach-on': 'text',
  'detach-after': 'text',
  'detach-on': 'text',
} as const

const FLAG_HELP = [
  '-network NAME: unless it is the one that you are on',
  '-key KEY: to join it',
  '-detached true|false: hidden from your clients; the bouncer stays in it and keeps what is said',
  '-relay-detached message|highlight|none: what of a detached channel you are told (default: highlight)',
  '-reattach-on message|highlight|none: what shows it again (default: none)',
  '-detach-after DURATION: detach when nothing was said for so long, such as 1h30m; 0 for never',
  '-detach-on message: what counts for -detach-after; nothing else can be chosen',
] as const

export const CHANNEL_COMMANDS: readonly Command[] = [
  {
    name: 'channel create',
    aliases: ['channel add'],
    usage: 'CHANNEL [flags]',
    help: ['Joins a channel, now and at each connection.', ...FLAG_HELP],
    handle: personal((asking, words) => change(asking, words, createChannel, 'is joined')),
  },
  {
    name: 'channel update',
    usage: 'CHANNEL [flags]',
    help: ['Changes how a channel is kept.', ...FLAG_HELP],
    handle: personal((asking, words) => change(asking, words, updateChannel, 'is changed')),
  },
  {
    name: 'channel status',
    aliases: ['channel list'],
    usage: '[-network NAME]',
    help: ['Shows your channels, of the network that you are on or of all.'],
    handle: personal(status),
  },
  {
    name: 'channel delete',
    aliases: ['channel remove'],
    usage: 'CHANNEL [-network NAME]',
    help: ['Leaves a channel. Its history stays: see “history delete”.'],
    handle: personal((asking, words) => change(asking, words, removeChannel, 'is left')),
  },
]

type Change = (
  user: Network['user'],
  network: Network,
  name: string,
  fields: ChannelFields,
) => Outcome

function change(
  asking: PersonalAsking,
  words: readonly string[],
  apply: Change,
  done: string,
): Answer {
  const read = readFlags(words, FLAGS)
  if (!read.ok) return read
  const [name, ...more] = read.rest
  if (name === undefined || more.length > 0) return MISUSED
  const found = networkOf(asking, read.flags.network)
  if (!found.ok) return found
  const fields = fieldsOf(read.flags)
  if (!fields.ok) return fields
  const changed = apply(asking.user, found.network, name, fields.fields)
  return changed.ok ? [`${name} ${done} on ${found.network.record.name}.`] : changed
}

function fieldsOf(flags: Flags<typeof FLAGS>): Outcome<{ fields: ChannelFields }> {
  const fields: ChannelFields = {}
  if (flags.key !== undefined) fields.key = flags.key
  if (flags.detached !== undefined) fields.isDetached = flags.detached
  const relay = flags['relay-detached']
  if (relay !== undefined) {
    fields.relayDetached = (
      relay === 'default' ? 'highlight' : relay
    ) as ChannelRecord['relayDetached']
  }
  const reattach = flags['reattach-on']
  if (reattach !== undefined) {
    fields.reattachOn = (reattach === 'default' ? 'none' : reattach) as ChannelRecord['reattachOn']
  }
  const after = flags['detach-after']
  if (after !== undefined) {
    const ms = readDuration(after)
    if (ms === undefined) return refuse('-detach-after is a duration such as 1h30m, 30s or 0.')
    fields.detachAfterMs = ms
  }
  if (!['message', 'default', undefined].includes(flags['detach-on'])) {
    return refuse('-detach-on is always “message” here: use -detach-after 0 to never detach.')
  }
  return { ok: true, fields }
}

function status(asking: PersonalAsking, words: readonly string[]): Answer {
  const read = readFlags(words, { network: 'text' } as const)
  if (!read.ok) return read
  if (read.rest.length > 0) return MISUSED
  const { network: name } = read.flags
  const isOne = name !== undefined || asking.network !== undefined
  const found = isOne ? networkOf(asking, name) : undefined
  if (found && !found.ok) return found
  const networks = found ? [found.network] : [...asking.user.networks.values()]
  const lines = networks.flatMap((network) =>
    [...network.channels.values()].map((channel) => describe(network, channel)),
  )
  return lines.length > 0 ? lines : ['There are no channels: /join one.']
}

function describe({ record, upstream }: Network, channel: ChannelRecord): string {
  const live = upstream?.channels.get(channel.name)
  const parts = [
    `${channel.name}/${record.name} [${channel.isDetached ? 'detached, ' : ''}${live ? 'joined' : 'not joined'}]`,
  ]
  if (live) parts.push(counted(live.members.size, 'member'))
  if (channel.relayDetached !== 'highlight') parts.push(`relays ${channel.relayDetached}`)
  if (channel.reattachOn !== 'none') parts.push(`shown again on ${channel.reattachOn}`)
  if (channel.detachAfterMs > 0)
    parts.push(`detached after ${formatDuration(channel.detachAfterMs)}`)
  return parts.join(', ')
}
