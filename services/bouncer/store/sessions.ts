// Sessions of the web pages. Only a hash of what the browser holds is kept.

import type { Turn } from '@fuchsbau/shared/database/turn.ts'

export interface WebSession {
  /** SHA-256 of the token, hex. */
  hash: string
  userId: number
  createdAt: number
  usedAt: number
  /** From where it was used last. */
  address: string
}

const COLUMNS = 'hash, user_id AS userId, created_at AS createdAt, used_at AS usedAt, address'

export class Sessions {
  readonly #get
  readonly #list
  readonly #add
  readonly #use
  readonly #remove
  readonly #removeAll
  readonly #expire

  constructor(turn: Turn) {
    this.#get = turn.reading<[string], WebSession>(`SELECT ${COLUMNS} FROM sessions WHERE hash = ?`)
    this.#list = turn.reading<[number], WebSession>(
      `SELECT ${COLUMNS} FROM sessions WHERE user_id = ? ORDER BY used_at DESC`,
    )
    this.#add = turn.writing<[string, number, number, number, string]>(
      'INSERT INTO sessions VALUES (?, ?, ?, ?, ?)',
    )
    this.#use = turn.writing<[number, string, string]>(
      'UPDATE sessions SET used_at = ?, address = ? WHERE hash = ?',
    )
    this.#remove = turn.writing<[number, string]>(
      'DELETE FROM sessions WHERE user_id = ? AND hash = ?',
    )
    this.#removeAll = turn.writing<[number]>('DELETE FROM sessions WHERE user_id = ?')
    this.#expire = turn.writing<[number, number]>(
      'DELETE FROM sessions WHERE used_at < ? OR created_at < ?',
    )
  }

  get(hash: string): WebSession | undefined {
    return this.#get.get(hash)
  }

  /** Hers, last used first. */
  list(userId: number): WebSession[] {
    return this.#list.all(userId)
  }

  add({ hash, userId, createdAt, usedAt, address }: WebSession): void {
    this.#add.run(hash, userId, createdAt, usedAt, address)
  }

  noteUse(hash: string, at: number, address: string): void {
    this.#use.run(at, address, hash)
  }

  remove(userId: number, hash: string): void {
    this.#remove.run(userId, hash)
  }

  /** All of hers: a new password ends them. */
  removeAll(userId: number): void {
    this.#removeAll.run(userId)
  }

  /** Ends those not used, and those made, before these times. */
  expire(usedBefore: number, createdBefore: number): void {
    this.#expire.run(usedBefore, createdBefore)
  }
}
