// Networks of persons. What takes an id from outside takes the person's too.

import { Rows } from '@fuchsbau/shared/database/columns.ts'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { NetworkRecord } from './records.ts'

export class Networks {
  readonly #rows: Rows<NetworkRecord>
  readonly #onRemoved: () => void
  readonly #byId
  readonly #byName
  readonly #byUser
  readonly #all

  constructor(turn: Turn, onRemoved: () => void) {
    this.#onRemoved = onRemoved
    this.#rows = new Rows<NetworkRecord>(turn, 'networks', {
      userId: 'plain',
      name: 'plain',
      isEnabled: 'flag',
      host: 'plain',
      port: 'plain',
      transport: 'plain',
      fingerprint: 'plain',
      socks: 'plain',
      serverPassword: 'plain',
      nick: 'plain',
      alternateNicks: 'json',
      username: 'plain',
      realname: 'plain',
      saslMechanism: 'plain',
      saslUser: 'plain',
      saslPassword: 'plain',
      certificate: 'plain',
      privateKey: 'plain',
      nickservPassword: 'plain',
      connectCommands: 'json',
      encoding: 'plain',
      isAutoAway: 'flag',
      casemapping: 'plain',
    })
    this.#byId = this.#rows.find<[number, number]>('user_id = ? AND id = ?')
    this.#byName = this.#rows.find<[number, string]>('user_id = ? AND name = ?')
    this.#byUser = this.#rows.find<[number]>('user_id = ? ORDER BY id')
    this.#all = this.#rows.find<[]>('true ORDER BY user_id, id')
  }

  get(userId: number, id: number): NetworkRecord | undefined {
    return this.#byId(userId, id)[0]
  }

  /** By name, in any case. */
  named(userId: number, name: string): NetworkRecord | undefined {
    return this.#byName(userId, name)[0]
  }

  /** Hers, oldest first. */
  list(userId: number): NetworkRecord[] {
    return this.#byUser(userId)
  }

  /** Everybody's, for the start and for administrators. */
  all(): NetworkRecord[] {
    return this.#all()
  }

  /** Undefined when she has one of that name. */
  add(network: Omit<NetworkRecord, 'id'>): NetworkRecord | undefined {
    return this.named(network.userId, network.name) ? undefined : this.#rows.add(network)
  }

  /** False when that person has no such network, or the new name is taken. */
  put(network: NetworkRecord): boolean {
    const namesake = this.named(network.userId, network.name)
    if (namesake && namesake.id !== network.id) return false
    return this.get(network.userId, network.id) !== undefined && this.#rows.put(network)
  }

  /**
   * With its channels and history; the messages are swept away in the background, but found no more. Nothing may be
   * stored for it from now on.
   */
  remove(userId: number, id: number): boolean {
    const isRemoved = this.get(userId, id) !== undefined && this.#rows.remove(id)
    this.#onRemoved()
    return isRemoved
  }
}
