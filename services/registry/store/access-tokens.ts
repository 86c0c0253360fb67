// Access tokens of people and robots. Only hashes are kept.
import { Rows } from '@fuchsbau/shared/database/columns.ts'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { AccessTokenRecord } from './records.ts'

/** What to look for among all tokens. */
export interface TokenFilter {
  /** Part of the label, or of the name of the owner. */
  text: string
  /** Only those that are good at this time; undefined: all. */
  livingAt: number | undefined
  /** Those made before this one: the next page. */
  before: number | undefined
}

export class AccessTokens {
  readonly #rows: Rows<AccessTokenRecord>
  readonly #byId
  readonly #byHash
  readonly #ofPerson
  readonly #ofRobot
  readonly #all
  readonly #search
  readonly #use
  readonly #revoke
  readonly #living
  readonly #ofIdToken
  readonly #exchangedOfRobot
  readonly #expireExchanged

  constructor(turn: Turn) {
    this.#rows = new Rows<AccessTokenRecord>(turn, 'access_tokens', {
      personId: 'plain',
      robotId: 'plain',
      label: 'plain',
      hash: 'plain',
      limits: 'json',
      createdAt: 'plain',
      expiresAt: 'plain',
      revokedAt: 'plain',
      lastUsedAt: 'plain',
      lastUsedFrom: 'plain',
      exchangeEntry: 'plain',
      idToken: 'plain',
    })
    this.#byId = this.#rows.find<[number]>('id = ?')
    this.#byHash = this.#rows.find<[string]>('hash = ?')
    this.#ofPerson = this.#rows.find<[number]>('person_id = ? ORDER BY id DESC')
    this.#ofRobot = this.#rows.find<[number]>('robot_id = ? ORDER BY id DESC')
    this.#all = this.#rows.find<[]>('true ORDER BY id DESC')
    this.#search = this.#rows.find<[string, string, string, number, number, number, number]>(
      `(instr(lower(label), ?) > 0 OR person_id IN (SELECT id FROM people WHERE instr(name, ?) > 0)
         OR robot_id IN (SELECT id FROM robots WHERE instr('robot:' || name, ?) > 0))
       AND (? = 0 OR (revoked_at IS NULL AND expires_at > ?)) AND id < ? ORDER BY id DESC LIMIT ?`,
    )
    this.#use = turn.writing<[number, string, number]>(
      'UPDATE access_tokens SET last_used_at = ?, last_used_from = ? WHERE id = ?',
    )
    this.#living = turn.reading<[number], { count: number }>(
      'SELECT count(*) AS count FROM access_tokens WHERE revoked_at IS NULL AND expires_at > ?',
    )
    this.#revoke = turn.writing<[number, number]>(
      'UPDATE access_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL',
    )
    this.#ofIdToken = this.#rows.find<[string]>('id_token = ?')
    this.#exchangedOfRobot = turn.reading<[number, number], { count: number }>(
      `SELECT count(*) AS count FROM access_tokens
       WHERE robot_id = ? AND id_token IS NOT NULL AND expires_at > ? AND revoked_at IS NULL`,
    )
    this.#expireExchanged = turn.writing<[number]>(
      'DELETE FROM access_tokens WHERE id_token IS NOT NULL AND expires_at < ?',
    )
  }

  get(id: number): AccessTokenRecord | undefined {
    return this.#byId(id)[0]
  }

  byHash(hash: string): AccessTokenRecord | undefined {
    return this.#byHash(hash)[0]
  }

  /** Hers, the newest first, those that are over too. */
  ofPerson(personId: number): AccessTokenRecord[] {
    return this.#ofPerson(personId)
  }

  ofRobot(robotId: number): AccessTokenRecord[] {
    return this.#ofRobot(robotId)
  }

  list(): AccessTokenRecord[] {
    return this.#all()
  }

  /** The newest first. */
  search({ text, livingAt = 0, before }: TokenFilter, limit: number): AccessTokenRecord[] {
    const wanted = text.toLowerCase()
    const last = before ?? Number.MAX_SAFE_INTEGER
    return this.#search(wanted, wanted, wanted, livingAt, livingAt, last, limit)
  }

  add(token: Omit<AccessTokenRecord, 'id'>): AccessTokenRecord {
    return this.#rows.add(token)
  }

  put(token: AccessTokenRecord): void {
    this.#rows.put(token)
  }

  noteUse(id: number, at: number, address: string): void {
    this.#use.run(at, address, id)
  }

  /** How many are neither revoked nor expired. */
  countLiving(now: number): number {
    return this.#living.get(now)?.count ?? 0
  }

  /** False when it was over already. */
  revoke(id: number, at: number): boolean {
    return this.#revoke.run(at, id).changes > 0
  }

  /** Given for one ID token, by its hash. */
  ofIdToken(hash: string): AccessTokenRecord[] {
    return this.#ofIdToken(hash)
  }

  /** How many of a robot were given for ID tokens and are not over. */
  countExchanged(robotId: number, now: number): number {
    return this.#exchangedOfRobot.get(robotId, now)?.count ?? 0
  }

  /** Deletes those given for ID tokens that ended before this time: nobody made them by hand, and there are many. */
  expireExchanged(before: number): void {
    this.#expireExchanged.run(before)
  }
}
