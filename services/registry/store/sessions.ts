// Sessions of the pages. Only a hash of what the browser holds is kept.
import { Rows } from '@fuchsbau/shared/database/columns.ts'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { SessionRecord } from './records.ts'

export class Sessions {
  readonly #rows: Rows<SessionRecord>
  readonly #byHash
  readonly #ofPerson
  readonly #bySid
  readonly #use
  readonly #removeAll
  readonly #expire

  constructor(turn: Turn) {
    this.#rows = new Rows<SessionRecord>(turn, 'sessions', {
      hash: 'plain',
      personId: 'plain',
      createdAt: 'plain',
      usedAt: 'plain',
      address: 'plain',
      idToken: 'plain',
      sid: 'plain',
    })
    this.#byHash = this.#rows.find<[string]>('hash = ?')
    this.#ofPerson = this.#rows.find<[number]>('person_id = ? ORDER BY used_at DESC')
    this.#bySid = this.#rows.find<[string]>("sid = ? AND sid <> ''")
    this.#use = turn.writing<[number, string, number]>(
      'UPDATE sessions SET used_at = ?, address = ? WHERE id = ?',
    )
    this.#removeAll = turn.writing<[number]>('DELETE FROM sessions WHERE person_id = ?')
    this.#expire = turn.writing<[number, number]>(
      'DELETE FROM sessions WHERE used_at < ? OR created_at < ?',
    )
  }

  byHash(hash: string): SessionRecord | undefined {
    return this.#byHash(hash)[0]
  }

  /** Hers, last used first. */
  ofPerson(personId: number): SessionRecord[] {
    return this.#ofPerson(personId)
  }

  /** Of one session at the provider. */
  bySid(sid: string): SessionRecord[] {
    return this.#bySid(sid)
  }

  add(session: Omit<SessionRecord, 'id'>): SessionRecord {
    return this.#rows.add(session)
  }

  noteUse(id: number, at: number, address: string): void {
    this.#use.run(at, address, id)
  }

  remove(id: number): boolean {
    return this.#rows.remove(id)
  }

  removeAll(personId: number): void {
    this.#removeAll.run(personId)
  }

  /** Ends those not used, and those made, before these times. */
  expire(usedBefore: number, createdBefore: number): void {
    this.#expire.run(usedBefore, createdBefore)
  }
}
