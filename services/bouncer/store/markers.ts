// Read markers: how far a person has read a conversation, on whatever device. To be called with an owned network's id.
// https://ircv3.net/specs/extensions/read-marker

import type { Turn } from '@fuchsbau/shared/database/turn.ts'

export interface ReadMarker {
  /** Folded with the network's casemapping. */
  foldedTarget: string
  time: number
}

/** Of a network; a hundred more may be there for a while. */
const KEPT = 10_000
const TRIM_EVERY = 100

export class Markers {
  readonly #get
  readonly #list
  readonly #set
  readonly #trim
  /** New ones since some were last taken away. */
  #added = 0
  readonly #rename

  constructor(turn: Turn) {
    const select = 'SELECT folded AS foldedTarget, time FROM markers WHERE network_id = ?'
    this.#get = turn.reading<[number, string], ReadMarker>(`${select} AND folded = ?`)
    this.#list = turn.reading<[number], ReadMarker>(select)
    this.#set = turn.writing<[number, string, number]>(
      `INSERT INTO markers VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET time = excluded.time WHERE excluded.time > time`,
    )
    this.#trim = turn.writing<[number, number, number]>(
      `DELETE FROM markers WHERE network_id = ? AND time <
         (SELECT time FROM markers WHERE network_id = ? ORDER BY time DESC LIMIT 1 OFFSET ?)`,
    )
    this.#rename = turn.writing<[string, number, string]>(
      'UPDATE OR IGNORE markers SET folded = ? WHERE network_id = ? AND folded = ?',
    )
  }

  /** Time, ms; undefined when nothing was marked. */
  get(networkId: number, foldedTarget: string): number | undefined {
    return this.#get.get(networkId, foldedTarget)?.time
  }

  list(networkId: number): ReadMarker[] {
    return this.#list.all(networkId)
  }

  /** Moves it, but only forward: returns where it is now, and whether that is new. Of too many the oldest are forgotten. */
  set(networkId: number, foldedTarget: string, time: number): { time: number; isNew: boolean } {
    if (this.get(networkId, foldedTarget) === undefined) this.#added += 1
    const { changes } = this.#set.run(networkId, foldedTarget, time)
    if (this.#added >= TRIM_EVERY) {
      this.#added = 0
      this.#trim.run(networkId, networkId, KEPT - 1)
    }
    return { time: this.get(networkId, foldedTarget) ?? time, isNew: changes > 0 }
  }

  /** The conversation is folded otherwise; where one of that name has a marker, that one stays. */
  rename(networkId: number, from: string, to: string): void {
    this.#rename.run(to, networkId, from)
  }
}
