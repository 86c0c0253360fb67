// Strict Transport Security of IRC networks: hosts that are only spoken to by TLS until then. Of the whole bouncer.
// https://ircv3.net/specs/extensions/sts

import type { Turn } from '@fuchsbau/shared/database/turn.ts'

export interface StsPolicy {
  host: string
  port: number
  /** From then on it is forgotten, ms. */
  until: number
  /** Whether the network agrees to be in a list that programs come with. */
  isPreload: boolean
}

type Row = Omit<StsPolicy, 'isPreload'> & { isPreload: number }

export class StsPolicies {
  readonly #get
  readonly #set
  readonly #remove
  readonly #expire

  constructor(turn: Turn) {
    this.#get = turn.reading<[string, number], Row>(
      'SELECT host, port, until, is_preload AS isPreload FROM sts_policies WHERE host = ? AND until > ?',
    )
    this.#set = turn.writing<[string, number, number, number]>(
      'INSERT OR REPLACE INTO sts_policies VALUES (?, ?, ?, ?)',
    )
    this.#remove = turn.writing<[string]>('DELETE FROM sts_policies WHERE host = ?')
    this.#expire = turn.writing<[number]>('DELETE FROM sts_policies WHERE until <= ?')
  }

  /** The policy that is in force for a host. */
  get(host: string, now: number): StsPolicy | undefined {
    const row = this.#get.get(host, now)
    return row && { ...row, isPreload: row.isPreload === 1 }
  }

  set({ host, port, until, isPreload }: StsPolicy): void {
    this.#set.run(host, port, until, Number(isPreload))
  }

  remove(host: string): void {
    this.#remove.run(host)
  }

  /** Forgets those that have ended. */
  expire(now: number): void {
    this.#expire.run(now)
  }
}
