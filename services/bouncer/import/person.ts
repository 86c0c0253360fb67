// A person as she comes from another bouncer, with all that was found of her; and how she is put into the store. What is
// there already is left as it is, so that an import can be run twice.

import { casemappingOf, fold } from '../irc/casemapping.ts'
import type { ChannelRecord, NetworkRecord, UserRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { commitOrStop } from './history.ts'

export interface FoundNetwork {
  record: Omit<NetworkRecord, 'id' | 'userId'>
  channels: Omit<ChannelRecord, 'id' | 'networkId'>[]
  /** What was not taken, and why; what is different here. */
  remarks: string[]
}

export interface FoundPerson {
  record: Omit<UserRecord, 'id'>
  networks: FoundNetwork[]
  /** SHA-256 of client certificates that log her in. */
  fingerprints: string[]
  remarks: string[]
}

/** Puts her into the store, in one commit, and says so. Returns her networks there by their names. */
export function addPerson(
  store: Store,
  person: FoundPerson,
  print: (line: string) => void,
): ReadonlyMap<string, NetworkRecord> {
  const { name } = person.record
  const known = store.users.named(name)
  const user = known ?? store.users.add(person.record)
  if (!user) throw new Error(`the user ${name} cannot be added`)
  print(
    known ? `${name}: is here already; password and settings stay as they are` : `${name}: added`,
  )
  for (const fingerprint of person.fingerprints) {
    const label = 'imported'
    const { createdAt } = person.record
    store.credentials.addFingerprint({ fingerprint, userId: user.id, label, createdAt })
  }
  for (const remark of person.remarks) print(`  ${remark}`)
  const networks = new Map<string, NetworkRecord>()
  for (const network of person.networks) {
    const record = addNetwork(store, user, network, print)
    networks.set(network.record.name, record)
  }
  commitOrStop(store)
  return networks
}

function addNetwork(
  store: Store,
  user: UserRecord,
  { record, channels, remarks }: FoundNetwork,
  print: (line: string) => void,
): NetworkRecord {
  const label = `${user.name}/${record.name}`
  const known = store.networks.named(user.id, record.name)
  if (known) {
    print(`${label}: is here already; its settings and channels stay as they are`)
    return known
  }
  const network = store.networks.add({ ...record, userId: user.id })
  if (!network) throw new Error(`the network ${label} cannot be added`)
  const casemapping = casemappingOf(record.casemapping)
  const names = new Set<string>()
  for (const channel of channels) {
    const folded = fold(channel.name, casemapping)
    if (!names.has(folded)) store.channels.add({ ...channel, networkId: network.id })
    names.add(folded)
  }
  print(`${label}: ${describe(record, channels)}`)
  for (const remark of remarks) print(`  ${remark}`)
  return network
}

function describe(
  record: FoundNetwork['record'],
  channels: readonly { key: string; isDetached: boolean }[],
): string {
  const count = (word: string, some: readonly unknown[]) =>
    some.length > 0 ? [`${some.length} ${word}`] : []
  const { host, port, transport, saslMechanism, nickservPassword, connectCommands } = record
  return [
    `${host}:${port} (${transport === 'tls' ? 'TLS' : 'not encrypted'})`,
    `nick ${record.nick}`,
    ...count('channels', channels),
    ...count(
      'with keys',
      channels.filter(({ key }) => key !== ''),
    ),
    ...count(
      'detached',
      channels.filter(({ isDetached }) => isDetached),
    ),
    ...(saslMechanism ? [`SASL ${saslMechanism}`] : []),
    ...(nickservPassword ? ['NickServ password'] : []),
    ...(record.certificate ? ['client certificate'] : []),
    ...(record.serverPassword ? ['server password'] : []),
    ...count('commands on connect', connectCommands),
    ...(record.isEnabled ? [] : ['disabled']),
  ].join(', ')
}
