// The list of a person's networks as clients see it, and what of it changes: each client that watches is told.
// https://codeberg.org/emersion/soju/src/branch/master/doc/ext/bouncer-networks.md
import { messageFrom, withTags } from '../irc/message.ts'
import { formatTags } from '../irc/tags.ts'
import type { Network } from '../network.ts'
import type { User } from '../user.ts'
import type { Downstream } from './downstream.ts'

const NOTIFY = 'soju.im/bouncer-networks-notify'

/** Attributes by name. Passwords are not among them. */
export type Attributes = ReadonlyMap<string, string>

export class Announcements {
  /** What watching clients know, by network. */
  readonly #told = new Map<number, Attributes>()
  readonly #user: User

  constructor(user: User) {
    this.#user = user
    for (const network of user.networks.values()) {
      this.#told.set(network.record.id, attributesOf(network))
    }
  }

  /** A network is new, or something of it changed. */
  changed(network: Network): void {
    const { id } = network.record
    if (this.#user.networks.get(id) !== network) return
    const now = attributesOf(network)
    const before = this.#told.get(id)
    this.#told.set(id, now)
    const changed = new Map([...now].filter(([name, value]) => before?.get(name) !== value))
    for (const name of before?.keys() ?? []) if (!now.has(name)) changed.set(name, '')
    if (changed.size > 0) this.#tell(id, formatTags(changed))
  }

  removed({ record }: Network): void {
    this.#told.delete(record.id)
    this.#tell(record.id, '*')
  }

  #tell(id: number, attributes: string): void {
    for (const downstream of this.#user.downstreams) {
      if (downstream.caps.has(NOTIFY) && downstream.registration.isDone) {
        downstream.reply('BOUNCER', 'NETWORK', String(id), attributes)
      }
    }
  }
}

/** All networks, in a batch. */
export function listNetworks(downstream: Downstream): void {
  const { user, labels, serverName } = downstream
  const reference = downstream.caps.has('batch') ? labels.nextReference() : undefined
  if (reference) downstream.reply('BATCH', `+${reference}`, 'soju.im/bouncer-networks')
  for (const network of user?.networks.values() ?? []) {
    const attributes = formatTags(attributesOf(network))
    const { id } = network.record
    const line = messageFrom(serverName, 'BOUNCER', 'NETWORK', String(id), attributes)
    downstream.send(reference ? withTags(line, new Map([['batch', reference]])) : line)
  }
  if (reference) downstream.reply('BATCH', `-${reference}`)
}

/** What a client that begins to watch is told first. */
export function beginToWatch(downstream: Downstream): void {
  if (downstream.caps.has(NOTIFY) && downstream.registration.isDone) listNetworks(downstream)
}

function attributesOf({ record, keeper, upstream }: Network): Attributes {
  const { state, lastError } = keeper
  const isUp = record.isEnabled && (state === 'connected' || state === 'connecting')
  return new Map([
    ['name', record.name],
    ['state', isUp ? state : 'disconnected'],
    ['host', record.host],
    ['port', String(record.port)],
    ['tls', record.transport === 'tls' ? '1' : '0'],
    ['nickname', upstream?.isReady ? upstream.nick : record.nick],
    ['username', record.username || record.nick],
    ['realname', record.realname || record.nick],
    ...(lastError !== undefined && state !== 'connected' ? [['error', lastError] as const] : []),
  ])
}
