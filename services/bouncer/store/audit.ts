// Log-ins that were tried: the last 10,000.

import type { Turn } from '@fuchsbau/shared/database/turn.ts'

/** `account` and `client` as they were given, which need not exist; at most 200 characters of each are kept. */
export interface LoginAttempt {
  at: number
  account: string
  address: string
  /** `SASL PLAIN`, `PASS`, `web` … */
  method: string
  client: string
  /** `ok`, or why not. */
  outcome: string
}

const KEPT = 10_000
const LONGEST = 200

export class Audit {
  readonly #add
  readonly #trim
  readonly #list
  readonly #listOf

  constructor(turn: Turn) {
    this.#add = turn.writing<[number, string, string, string, string, string]>(
      'INSERT INTO audit (at, account, address, method, client, outcome) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#trim = turn.writing<[number]>('DELETE FROM audit WHERE id <= ?')
    const columns = 'at, account, address, method, client, outcome'
    this.#list = turn.reading<[number], LoginAttempt>(
      `SELECT ${columns} FROM audit ORDER BY id DESC LIMIT ?`,
    )
    this.#listOf = turn.reading<[string, number], LoginAttempt>(
      `SELECT ${columns} FROM audit WHERE account = ? COLLATE NOCASE ORDER BY id DESC LIMIT ?`,
    )
  }

  add({ at, account, address, method, client, outcome }: LoginAttempt): void {
    const [a, b, c, d, e] = [account, address, method, client, outcome].map((text) =>
      text.slice(0, LONGEST),
    ) as [string, string, string, string, string]
    this.#trim.run(this.#add.run(at, a, b, c, d, e).id - KEPT)
  }

  /** Newest first; of one account (in any case), or of all. */
  list(limit: number, account?: string): LoginAttempt[] {
    return account === undefined ? this.#list.all(limit) : this.#listOf.all(account, limit)
  }
}
