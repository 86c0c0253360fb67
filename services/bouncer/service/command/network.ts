// `network …`: the networks of a person.
import { parseMessage } from '../../irc/message.ts'
import type { NetworkFields } from '../../manage/network-fields.ts'
import {
  connectNetwork,
  createNetwork,
  disconnectNetwork,
  removeNetwork,
  updateNetwork,
} from '../../manage/networks.ts'
import { type Outcome, refuse } from '../../manage/outcome.ts'
import type { Network } from '../../network.ts'
import { formatAddress, readAddress } from '../address.ts'
import {
  type Answer,
  type Command,
  MISUSED,
  networkOf,
  type PersonalAsking,
  personal,
} from '../command.ts'
import { WELL_KNOWN_NETWORKS } from '../well-known.ts'
import { counted, type Flags, formatDuration, readFlags } from '../words.ts'

const FLAGS = {
  addr: 'text',
  name: 'text',
  nick: 'text',
  'alternate-nick': 'list',
  username: 'text',
  pass: 'text',
  realname: 'text',
  certfp: 'text',
  'auto-away': 'flag',
  enabled: 'flag',
  'connect-command': 'list',
  socks: 'text',
  encoding: 'text',
  nickserv: 'text',
} as const

const FLAG_HELP = [
  '-addr ADDRESS: a well-known network, ircs://HOST:PORT, or irc+insecure://HOST:PORT (without TLS)',
  '-name NAME: what you call it',
  '-nick NICK, -alternate-nick NICK (several times): who you are there',
  '-username NAME, -realname TEXT: as others see you in WHOIS',
  '-pass PASSWORD: of the server; for an account use “sasl set-plain”',
  '-nickserv PASSWORD: for NickServ, where there is no SASL',
  '-certfp FINGERPRINT: SHA-256 or SHA-512 of the certificate that the server must show; "" for any trusted one',
  '-auto-away true|false: away while no client of yours is connected',
  '-enabled true|false: whether to be connected',
  '-connect-command LINE (several times): raw IRC to send after connecting; "" for none',
  '-socks HOST:PORT: a SOCKS5 proxy; "" for none',
  '-encoding NAME: of an old network that does not use UTF-8',
] as const

export const NETWORK_COMMANDS: readonly Command[] = [
  {
    name: 'network create',
    aliases: ['network add'],
    usage: '-addr ADDRESS [flags]',
    help: [
      'Adds a network and connects to it.',
      `Well-known networks: ${WELL_KNOWN_NETWORKS.map(({ name }) => name).join(', ')}`,
      ...FLAG_HELP,
    ],
    handle: personal(create),
  },
  {
    name: 'network update',
    aliases: ['network change'],
    usage: '[NAME] [flags]',
    help: ['Changes a network; it is connected anew where that is needed.', ...FLAG_HELP],
    handle: personal(update),
  },
  {
    name: 'network status',
    aliases: ['network list'],
    usage: '',
    help: ['Shows your networks and how they are.'],
    handle: personal(({ user }) => [...user.networks.values()].flatMap(describe)),
  },
  {
    name: 'network connect',
    usage: '[NAME]',
    help: ['Connects now (anew, if it is connected), and stays connected.'],
    handle: personal((asking, words) => act(asking, words, connectNetwork, 'is being connected')),
  },
  {
    name: 'network disconnect',
    usage: '[NAME]',
    help: ['Disconnects, until “network connect”.'],
    handle: personal((asking, words) => act(asking, words, disconnectNetwork, 'is disconnected')),
  },
  {
    name: 'network delete',
    aliases: ['network remove'],
    usage: 'NAME',
    help: ['Leaves a network for good. Its channels and its history are deleted.'],
    needsOwnLogin: true,
    handle: personal((asking, words) =>
      words.length === 1 ? act(asking, words, removeNetwork, 'is removed') : MISUSED,
    ),
  },
  {
    name: 'network quote',
    usage: '[NAME] LINE',
    help: ['Sends a raw line of IRC; what the network answers goes to your clients there.'],
    handle: personal(quote),
  },
]

/** The flags as fields of a network. */
function fieldsOf(flags: Flags<typeof FLAGS>): Outcome<{ fields: NetworkFields }> {
  const fields: NetworkFields = {}
  if (flags.addr !== undefined) {
    const read = readAddress(flags.addr)
    if (!read.ok) return read
    Object.assign(fields, read.address)
  }
  const renamed = {
    name: flags.name,
    nick: flags.nick,
    alternateNicks: flags['alternate-nick'],
    username: flags.username,
    serverPassword: flags.pass,
    realname: flags.realname,
    fingerprint: flags.certfp,
    isAutoAway: flags['auto-away'],
    isEnabled: flags.enabled,
    connectCommands: flags['connect-command'],
    socks: flags.socks,
    encoding: flags.encoding,
    nickservPassword: flags.nickserv,
  }
  for (const [field, value] of Object.entries(renamed)) {
    if (value !== undefined) Object.assign(fields, { [field]: value })
  }
  return { ok: true, fields }
}

function create({ user }: PersonalAsking, words: readonly string[]): Answer {
  const read = readFlags(words, FLAGS)
  if (!read.ok) return read
  const [word, ...more] = read.rest
  if (more.length > 0) return MISUSED
  // The word says where, as in “network add libera”; with an address it is the name.
  const isName = word !== undefined && read.flags.addr !== undefined
  if (isName && read.flags.name !== undefined) return MISUSED
  const addr = read.flags.addr ?? word
  if (addr === undefined) {
    return refuse('Say where: “network create -addr libera”, or -addr ircs://HOST:PORT.')
  }
  const fields = fieldsOf({ ...read.flags, addr, ...(isName && { name: word }) })
  if (!fields.ok) return fields
  const made = createNetwork(user, fields.fields)
  if (!made.ok) return made
  const { record } = made.network
  return [
    `Added ${record.name} (${formatAddress(record)}) as ${record.nick}; it ${nextOf(made.network)}.`,
    `Clients reach it as ${user.record.name}/${record.name}.`,
  ]
}

function update(asking: PersonalAsking, words: readonly string[]): Answer {
  const read = readFlags(words, FLAGS)
  if (!read.ok) return read
  const [name, ...more] = read.rest
  if (more.length > 0) return MISUSED
  const found = networkOf(asking, name)
  if (!found.ok) return found
  const fields = fieldsOf(read.flags)
  if (!fields.ok) return fields
  if (Object.keys(fields.fields).length === 0) {
    return refuse(
      `Say what to change, such as: network update ${found.network.record.name} -nick fox`,
    )
  }
  // A well-known address names the network only when it is added.
  if (read.flags.name === undefined) delete fields.fields.name
  const updated = updateNetwork(asking.user, found.network, fields.fields)
  if (!updated.ok) return updated
  return [
    `Changed ${found.network.record.name}${updated.isReconnecting ? '; it is being connected anew' : ''}.`,
  ]
}

function act(
  asking: PersonalAsking,
  words: readonly string[],
  change: (user: PersonalAsking['user'], network: Network) => Outcome,
  done: string,
): Answer {
  if (words.length > 1) return MISUSED
  const found = networkOf(asking, words[0])
  if (!found.ok) return found
  const changed = change(asking.user, found.network)
  return changed.ok ? [`${found.network.record.name} ${done}.`] : changed
}

function quote(asking: PersonalAsking, words: readonly string[]): Answer {
  const named = words.length > 1 ? asking.user.networkNamed(words[0] ?? '') : undefined
  const found = networkOf(asking, named?.record.name)
  if (!found.ok) return found
  const { network } = found
  const line = parseMessage((named ? words.slice(1) : words).join(' '))
  if (!line) return MISUSED
  if (!network.upstream?.isReady) return refuse(`${network.record.name} is not connected.`)
  return network.upstream.send({ ...line, source: undefined })
    ? [`Sent to ${network.record.name}.`]
    : refuse('Too much waits to be sent: try again in a while.')
}

/** The command line works without connections while no bouncer runs. */
function nextOf({ record, bouncer }: Network): string {
  if (!record.isEnabled) return 'is disabled'
  return bouncer.isClosing ? 'is connected when the bouncer runs' : 'is being connected'
}

function describe(network: Network): string[] {
  const { record, keeper, upstream, channels, user } = network
  const { lastError, nextAt, state } = keeper
  const shown = record.isEnabled ? state : 'disabled'
  const parts = [
    `${record.name} [${record.isEnabled && user.bouncer.isClosing ? 'not running' : shown}] ${formatAddress(record)}`,
  ]
  if (upstream?.isReady) {
    parts.push(`as ${upstream.nick}`, counted(channels.size, 'channel'))
    const { account } = upstream.registration
    if (account) parts.push(`logged in as ${account}`)
    if (upstream.lag.lastMs !== undefined) parts.push(`lag ${upstream.lag.lastMs} ms`)
  }
  const lines = [parts.join(', ')]
  if (lastError && state !== 'connected' && record.isEnabled) {
    const wait =
      nextAt === undefined
        ? ''
        : `; next attempt in ${formatDuration(nextAt - user.bouncer.clock.now())}`
    lines.push(`  ${lastError}${wait}`)
  }
  const { saslFailure } = upstream?.registration ?? {}
  if (saslFailure) lines.push(`  SASL: ${saslFailure}`)
  return lines
}
