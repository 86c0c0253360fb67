// Receipts: up to which message each client of a person has got a network's history. They move with every line, so
// they are kept in memory and written at most every 100 ms: after a kill a client may get so much again, but never
// misses any. That of a new client is written at once: one that is not known begins behind lines that it has not got. To
// be called with an owned network's id, and with ids of messages that are committed.

import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'

export interface Receipt {
  networkId: number
  /** As in `user/network@client`; empty for the nameless one. */
  client: string
  /** Last message it got. */
  messageId: number
  /** When that moved. */
  at: number
}

const EVERY_MS = 100
const COLUMNS = 'network_id AS networkId, client, message_id AS messageId, at'

export class Receipts {
  readonly #clock: Clock
  readonly #turn: Turn
  readonly #list
  readonly #write
  readonly #remove
  /** By network, then client; whole networks, as they were asked for. */
  readonly #known = new Map<number, Map<string, Receipt>>()
  readonly #dirty = new Set<Receipt>()
  #timer: Timer | undefined

  constructor(turn: Turn, clock: Clock) {
    this.#clock = clock
    this.#turn = turn
    this.#list = turn.reading<[number], Receipt>(
      `SELECT ${COLUMNS} FROM receipts WHERE network_id = ?`,
    )
    // A network may have been removed since.
    this.#write = turn.writing<[string, number, number, number]>(
      `INSERT INTO receipts SELECT id, ?, ?, ? FROM networks WHERE id = ?
       ON CONFLICT DO UPDATE SET message_id = excluded.message_id, at = excluded.at`,
    )
    this.#remove = turn.writing<[number, string]>(
      'DELETE FROM receipts WHERE network_id = ? AND client = ?',
    )
    turn.hook({
      afterRollback: () => {
        for (const of of this.#known.values()) for (const each of of.values()) this.#dirty.add(each)
      },
    })
  }

  /** The last message that a client got; undefined for a client that was never here. */
  get(networkId: number, client: string): number | undefined {
    return this.#of(networkId).get(client)?.messageId
  }

  list(networkId: number): Receipt[] {
    return [...this.#of(networkId).values()].map((receipt) => ({ ...receipt }))
  }

  /** Moves it, but only forward. */
  set(networkId: number, client: string, messageId: number): void {
    const of = this.#of(networkId)
    const at = this.#clock.now()
    const receipt = of.get(client)
    if (receipt && receipt.messageId >= messageId) return
    const moved = receipt ?? { networkId, client, messageId, at }
    moved.messageId = messageId
    moved.at = at
    if (!receipt) of.set(client, moved)
    this.#dirty.add(moved)
    if (!receipt) this.flush()
    else this.#timer ??= this.#clock.after(EVERY_MS, () => this.flush())
  }

  /** Forgets a client: when it comes again it is a new one. */
  forget(networkId: number, client: string): boolean {
    const receipt = this.#of(networkId).get(client)
    if (!receipt) return false
    this.#of(networkId).delete(client)
    this.#dirty.delete(receipt)
    this.#remove.run(networkId, client)
    return true
  }

  /** Writes what has moved. While the store has failed, and if it fails now, it is kept. */
  flush(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#turn.failure !== undefined) return
    try {
      for (const { networkId, client, messageId, at } of this.#dirty) {
        this.#write.run(client, messageId, at, networkId)
      }
      this.#dirty.clear()
    } catch (error) {
      // The listeners of failures know.
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }

  #of(networkId: number): Map<string, Receipt> {
    let of = this.#known.get(networkId)
    if (!of) {
      of = new Map(this.#list.all(networkId).map((receipt) => [receipt.client, receipt]))
      this.#known.set(networkId, of)
    }
    return of
  }
}
