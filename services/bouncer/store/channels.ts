// Channels that are joined on connect. To be called with an owned network's id; names are compared as they are: fold
// them with the network's casemapping, or look among all of `list`.

import { Rows } from '@fuchsbau/shared/database/columns.ts'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { ChannelRecord } from './records.ts'

export class Channels {
  readonly #rows: Rows<ChannelRecord>
  readonly #byNetwork
  readonly #byName

  constructor(turn: Turn) {
    this.#rows = new Rows<ChannelRecord>(turn, 'channels', {
      networkId: 'plain',
      name: 'plain',
      key: 'plain',
      isDetached: 'flag',
      reattachOn: 'plain',
      relayDetached: 'plain',
      detachAfterMs: 'plain',
    })
    this.#byNetwork = this.#rows.find<[number]>('network_id = ? ORDER BY id')
    this.#byName = this.#rows.find<[number, string]>('network_id = ? AND name = ?')
  }

  /** In the order in which they were added. */
  list(networkId: number): ChannelRecord[] {
    return this.#byNetwork(networkId)
  }

  /** Undefined when there is one of exactly that name. */
  add(channel: Omit<ChannelRecord, 'id'>): ChannelRecord | undefined {
    const isThere = this.#byName(channel.networkId, channel.name).length > 0
    return isThere ? undefined : this.#rows.add(channel)
  }

  /** False when there is none with that id in the network, or its new name is taken. */
  put(channel: ChannelRecord): boolean {
    const isTaken = this.#byName(channel.networkId, channel.name).some(
      ({ id }) => id !== channel.id,
    )
    return !isTaken && this.#has(channel.networkId, channel.id) && this.#rows.put(channel)
  }

  remove(networkId: number, id: number): boolean {
    return this.#has(networkId, id) && this.#rows.remove(id)
  }

  #has(networkId: number, id: number): boolean {
    return this.list(networkId).some((channel) => channel.id === id)
  }
}
