// Networks of a person: made, changed, removed, connected. A change that concerns the connection takes effect at once.
import { message } from '../irc/message.ts'
import type { Network } from '../network.ts'
import { NETWORK_DEFAULTS, type NetworkRecord } from '../store/records.ts'
import type { User } from '../user.ts'
import { checkFields, checkWhole, type NetworkFields } from './network-fields.ts'
import { type Outcome, refuse } from './outcome.ts'

/** A change of one of these needs a new connection. */
export const OF_CONNECTION: readonly (keyof NetworkFields)[] = [
  'host',
  'port',
  'transport',
  'fingerprint',
  'socks',
  'serverPassword',
  'username',
  'realname',
  'saslMechanism',
  'saslUser',
  'saslPassword',
  'certificate',
  'privateKey',
  'encoding',
]

/**
 * Makes a network and connects it, unless `isEnabled` is false. Only `host` is needed: the port is 6697 (6667 without
 * TLS), the name is the host's, nick and real name are the person's.
 */
export function createNetwork(user: User, fields: NetworkFields): Outcome<{ network: Network }> {
  const checked = checkFields(fields)
  if (!checked.ok) return checked
  const { networks: most } = user.bouncer.limits
  if (user.networks.size >= most) {
    return refuse(`You have ${most} networks, which is the most here: remove one first.`)
  }
  const given = checked.fields
  const transport = given.transport ?? 'tls'
  const record = {
    ...NETWORK_DEFAULTS,
    name: freeName(user, given.host ?? ''),
    host: '',
    port: transport === 'tls' ? 6697 : 6667,
    nick: user.record.nick || user.record.name,
    realname: user.record.realname,
    ...given,
  }
  const problem = checkWhole(record)
  if (problem) return problem
  const network = user.addNetwork(record)
  return network ? { ok: true, network } : nameTaken(record.name)
}

/**
 * Changes the fields that are given. A new host, password and the like reconnect at once, a new nick is asked for, and
 * `isEnabled` connects or disconnects.
 */
export function updateNetwork(
  user: User,
  network: Network,
  fields: NetworkFields,
): Outcome<{ isReconnecting: boolean }> {
  if (!isHers(user, network)) return notHers()
  const checked = checkFields(fields)
  if (!checked.ok) return checked
  const before = network.record
  const record = { ...before, ...checked.fields }
  const problem = checkWhole(record)
  if (problem) return problem
  if (!user.bouncer.store.networks.put(record)) return nameTaken(record.name)
  network.record = record
  const isReconnecting = applyChange(network, before)
  user.tell(network)
  return { ok: true, isReconnecting }
}

/** Leaves a network for good: its history goes, too. */
export function removeNetwork(user: User, network: Network): Outcome {
  if (!isHers(user, network)) return notHers()
  user.removeNetwork(network)
  return { ok: true }
}

/** Connects now, anew if it is connected, and stays connected from now on. */
export function connectNetwork(user: User, network: Network): Outcome {
  if (!isHers(user, network)) return notHers()
  if (!user.record.isEnabled)
    return refuse('The account is disabled: an administrator can enable it.')
  if (!network.record.isEnabled) return updateNetwork(user, network, { isEnabled: true })
  reconnect(network, 'reconnecting, as its owner wants')
  return { ok: true }
}

/** Disconnects, and stays so until `connectNetwork`. */
export function disconnectNetwork(user: User, network: Network): Outcome {
  return updateNetwork(user, network, { isEnabled: false })
}

/** Whether the network is this person's. Functions here refuse any other. */
export function isHers(user: User, network: Network): boolean {
  return user.networks.get(network.record.id) === network
}

export function notHers() {
  return refuse('There is no such network.', 'network')
}

/** True when it connects anew. */
function applyChange(network: Network, before: NetworkRecord): boolean {
  const { record, keeper, upstream } = network
  if (!network.user.record.isEnabled) return false
  if (!record.isEnabled) {
    if (before.isEnabled) keeper.stop('disconnected by its owner')
    return false
  }
  if (!before.isEnabled) {
    keeper.start()
    return true
  }
  if (OF_CONNECTION.some((field) => record[field] !== before[field])) {
    reconnect(network, 'reconnecting with new settings')
    return true
  }
  if (record.nick !== before.nick) {
    if (upstream?.isReady) upstream.send(message('NICK', record.nick))
    else reconnect(network, 'reconnecting with a new nick')
  }
  return false
}

function reconnect({ keeper }: Network, reason: string): void {
  keeper.restart(reason)
}

function freeName(user: User, host: string): string {
  const base = host.replaceAll(':', '-').slice(0, 45)
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? base : `${base}-${count}`
    if (!user.networkNamed(name)) return name
  }
}

function nameTaken(name: string) {
  return refuse(`You have a network ${name} already: choose another name.`, 'name')
}
