// Web push subscriptions: where a client wants to be woken. At most 50 a network; the oldest goes.
// https://codeberg.org/emersion/soju/src/branch/master/doc/ext/webpush.md

import type { Turn } from '@fuchsbau/shared/database/turn.ts'

export interface PushSubscription {
  id: number
  userId: number
  networkId: number
  /** Unique in a network. */
  endpoint: string
  /** Keys of the client (RFC 8291), base64url. */
  p256dh: string
  auth: string
  createdAt: number
}

const KEPT = 50
const COLUMNS =
  'id, user_id AS userId, network_id AS networkId, endpoint, p256dh, auth, created_at AS createdAt'

export class Subscriptions {
  readonly #list
  readonly #put
  readonly #trim
  readonly #remove

  constructor(turn: Turn) {
    this.#list = turn.reading<[number, number], PushSubscription>(
      `SELECT ${COLUMNS} FROM subscriptions WHERE user_id = ? AND network_id = ? ORDER BY id`,
    )
    this.#put = turn.writing<[string, string, string, number, number, number]>(
      `INSERT INTO subscriptions (user_id, network_id, endpoint, p256dh, auth, created_at)
       SELECT user_id, id, ?, ?, ?, ? FROM networks WHERE user_id = ? AND id = ?
       ON CONFLICT (network_id, endpoint) DO UPDATE
       SET p256dh = excluded.p256dh, auth = excluded.auth, created_at = excluded.created_at`,
    )
    this.#trim = turn.writing<[number, number, number]>(
      `DELETE FROM subscriptions WHERE network_id = ? AND id NOT IN (
         SELECT id FROM subscriptions WHERE network_id = ? ORDER BY created_at DESC, id DESC LIMIT ?)`,
    )
    this.#remove = turn.writing<[number, number, string]>(
      'DELETE FROM subscriptions WHERE user_id = ? AND network_id = ? AND endpoint = ?',
    )
  }

  list(userId: number, networkId: number): PushSubscription[] {
    return this.#list.all(userId, networkId)
  }

  /** Adds it, or renews the one with that endpoint. False when the network is not hers. */
  put(subscription: Omit<PushSubscription, 'id'>): boolean {
    const { userId, networkId, endpoint, p256dh, auth, createdAt } = subscription
    const isHers = this.#put.run(endpoint, p256dh, auth, createdAt, userId, networkId).changes > 0
    if (isHers) this.#trim.run(networkId, networkId, KEPT)
    return isHers
  }

  remove(userId: number, networkId: number, endpoint: string): boolean {
    return this.#remove.run(userId, networkId, endpoint).changes > 0
  }
}
