// Reading the SQLite database of soju, 0.5 to 0.9: the rows as they are. Columns that its version lacks are undefined.
// https://codeberg.org/emersion/soju/src/branch/master/database/sqlite_schema.sql

import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'

type Value = string | number | Buffer | null
export type SojuRow = Readonly<Record<string, Value | undefined>>

/** The file is not there, not soju's, or damaged; the message says which. */
export class SojuUnusable extends Error {
  override name = 'SojuUnusable'
}

export interface SojuMessage {
  id: number
  target: string
  raw: string
  time: string
}

/** Tables of settings, which are small. */
export type SojuTable =
  | 'User'
  | 'Network'
  | 'Channel'
  | 'DeviceCertificate'
  | 'ReadReceipt'
  | 'WebPushConfig'
  | 'WebPushSubscription'

/** A person has fewer of anything. */
const MOST_ROWS = 100_000

export class SojuDatabase {
  readonly #database: Database.Database

  /** Opens it to read; soju may run meanwhile. Throws SojuUnusable. */
  constructor(file: string) {
    if (!existsSync(file)) throw new SojuUnusable(`${file} does not exist`)
    try {
      this.#database = new Database(file, { readonly: true, fileMustExist: true, timeout: 5000 })
    } catch (error) {
      throw unusable(file, error)
    }
    try {
      const tables = this.#names("SELECT name FROM sqlite_schema WHERE type = 'table'")
      const isSoju = ['User', 'Network', 'Channel'].every((table) => tables.has(table))
      if (!isSoju) throw new SojuUnusable(`${file} is not a database of soju`)
    } catch (error) {
      this.#database.close()
      throw unusable(file, error)
    }
  }

  /** All rows of a table, by their number; none when this version has no such table. */
  rows(table: SojuTable): SojuRow[] {
    return this.#read(() => {
      if (!this.#has(table)) return []
      return this.#database
        .prepare<[number], SojuRow>(`SELECT * FROM ${table} ORDER BY id LIMIT ?`)
        .all(MOST_ROWS)
    })
  }

  /** A page of a network's messages behind one, in the order in which they were stored. */
  messages(networkId: number, afterId: number, limit: number): SojuMessage[] {
    return this.#read(() => {
      if (!this.#has('Message') || !this.#has('MessageTarget')) return []
      return this.#database
        .prepare<[number, number, number], SojuMessage>(
          `SELECT m.id, t.target, m.raw, m.time FROM Message m
           JOIN MessageTarget t ON t.id = m.target
           WHERE t.network = ? AND m.id > ? ORDER BY m.id LIMIT ?`,
        )
        .all(networkId, afterId, limit)
    })
  }

  close(): void {
    this.#database.close()
  }

  #has(table: string): boolean {
    return this.#names(`PRAGMA table_info(${table})`).size > 0
  }

  #names(sql: string): Set<string> {
    const rows = this.#database.prepare<[], { name: string }>(sql).all()
    return new Set(rows.map(({ name }) => name))
  }

  #read<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      throw unusable(this.#database.name, error)
    }
  }
}

function unusable(file: string, error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error
  return new SojuUnusable(`${file} cannot be read (${error.code}: ${error.message})`)
}
